"""The terminal: nothing wider than the window, nothing lost, the same without colours."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from synthetic_runs import CHOICES, HEALTHY, classes_run, deep, recording, regression_run

from trainwell.locales import LANGUAGES, Text
from trainwell.report import Choice, CountedProgress, TrainingProgress, choices_panel, data_summary, summary
from trainwell.report.paragraph import line_ends, pieces
from trainwell.report.sparkline import sparkline


def shown(renderable: Any, width: int, **settings: Any) -> str:
    console = Console(file=io.StringIO(), width=width, **settings)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]


RUNS: list[Any] = [
    pytest.param(classes_run(), {}, id="classes"),
    pytest.param(regression_run(), {"metric": "mae", "layers": deep(2, "relu")}, id="regression"),
    pytest.param(classes_run(), {"layers": deep(60), "fade": 0.3}, id="60 layers"),
    pytest.param(classes_run(diagnosis=HEALTHY), {"nan_from": 300, "validation": False}, id="NaN"),
    pytest.param(classes_run(), {"epochs": 0}, id="no epoch"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("facts", "settings"), RUNS)
def test_nothing_is_wider_than_the_window(
    tmp_path: Path, facts: Any, settings: dict[str, Any], width: int, language: Any
) -> None:
    page = "/home/" + "a_long_folder/" * 9 + "report.html"
    run = recording(tmp_path, **settings)
    parts = [
        data_summary(facts.data, language),
        choices_panel(facts.choices, language),
        summary(facts, run, language, page=page, folder="runs/a"),
    ]
    text = "".join(shown(part, width) for part in parts)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "…" not in text.replace("…   ", "") or settings.get("layers") == deep(60)
    assert page in "".join(line.removeprefix("report").removeprefix("报告").strip() for line in text.splitlines())


def test_what_counts_is_said(tmp_path: Path) -> None:
    text = shown(summary(classes_run(), recording(tmp_path), "en"), 80)
    assert "98.1% of 360 test images that the network never saw" in text
    assert "gets 10.0%" in text
    assert "✗ 1. Vanishing gradient" in text
    assert "Not checked: Dying ReLU" in text
    assert "--activation relu" in text


def test_colour_is_never_the_only_sign(tmp_path: Path) -> None:
    run = recording(tmp_path)
    plain = shown(summary(classes_run(), run, "en"), 80, no_color=True)
    assert "\x1b" not in plain
    conv = next(line for line in plain.splitlines() if line.startswith("conv_1"))
    dense = next(line for line in plain.splitlines() if line.startswith("dense_1"))
    assert conv.rstrip().endswith("✗ error 1")
    assert dense.rstrip().endswith("✓")


def test_markup_in_names_is_shown_as_it_is(tmp_path: Path) -> None:
    facts = classes_run()
    choice = Choice("initializer", "[bold]x[/]", Text(en="[red]because", zh="[red]因为"))
    facts = replace(facts, data=replace(facts.data, name="[link]digits"), choices=(choice,))
    text = shown(data_summary(facts.data, "en"), 80) + shown(choices_panel(facts.choices, "en"), 80)
    assert "[link]digits" in text
    assert "[bold]x[/]" in text
    assert "[red]because" in text
    shown(summary(facts, recording(tmp_path, epochs=1), "en", folder="[x]"), 80)


def test_no_choices_no_panel() -> None:
    assert shown(choices_panel((), "en"), 80).strip() == ""
    assert "he_normal" in shown(choices_panel(CHOICES, "en"), 80)


@given(st.text(alphabet="ab 好，。（）1.-\u3000x", max_size=80), st.integers(4, 40))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    ends = line_ends(text, width)
    lines = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert "".join(lines) == text
    assert "".join(pieces(text)) == text
    assert all(cell_len(line.rstrip()) <= width for line in lines)


def test_chinese_wraps_between_characters_and_not_inside_words() -> None:
    text = "训练 trainwell 的网络（ResNet），好。"
    ends = line_ends(text, 12)
    lines = [text[a:b].strip() for a, b in zip([0, *ends], ends, strict=False)]
    assert lines == ["训练", "trainwell 的", "网络", "（ResNet），", "好。"]


@given(st.lists(st.floats(), max_size=200), st.integers(1, 60))
@example([1.7e308, -1.7e308], 2)
@example([0.0, 5e-324], 2)
def test_sparkline_is_as_long_as_it_may_be(values: list[float], columns: int) -> None:
    assert len(sparkline(values, columns)) == min(len(values), columns)


def progress_output(*, terminal: bool, quiet: bool = False, language: Any = "en") -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal)
    with TrainingProgress(console, language, quiet=quiet) as progress:
        progress.start(2, 10)
        for epoch in (1, 2):
            progress.update(epoch, 5, {"loss": 0.5, "accuracy": 0.8})
            progress.epoch_end(epoch, {"epoch": epoch, "loss": 0.4, "accuracy": 0.9, "val_loss": 0.5, "seconds": 1.5})
        progress.message(Text(en="done", zh="完成"))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_without_a_terminal_there_is_one_line_per_epoch() -> None:
    assert progress_output(terminal=False).splitlines() == [
        "Epoch 1/2  loss 0.4  accuracy 90.0%  validation loss 0.5  1.5 s",
        "Epoch 2/2  loss 0.4  accuracy 90.0%  validation loss 0.5  1.5 s",
        "done",
    ]


def test_chinese_progress() -> None:
    first = progress_output(terminal=False, language="zh").splitlines()[0]
    assert first == "第 1/2 轮  损失 0.4  准确率 90.0%  验证损失 0.5  1.5 秒"


def test_quiet_says_only_messages() -> None:
    assert progress_output(terminal=False, quiet=True) == "done\n"


def test_a_terminal_shows_a_bar_that_disappears() -> None:
    text = progress_output(terminal=True)
    assert "━" in text
    assert "left" in text
    assert "Epoch 2/2" in text


def test_counted_work() -> None:
    def output(*, terminal: bool) -> str:
        console = Console(file=io.StringIO(), width=80, force_terminal=terminal)
        with CountedProgress(console, "zh", Text(en="reading images", zh="读取图像")) as progress:
            progress(3, 10)
        return console.file.getvalue()  # type: ignore[attr-defined]

    assert output(terminal=False) == ""
    assert "读取图像" in output(terminal=True)
