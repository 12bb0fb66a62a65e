"""The pictures: what is drawn is what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_runs import CNN, classes_run, deep, recording

from trainwell.diagnosis.finding import Diagnosis
from trainwell.locales import LANGUAGES
from trainwell.locales.report_labels import LABELS
from trainwell.report import LayerRow
from trainwell.report.figures.confusion import worst_pairs
from trainwell.report.figures.curves import shown_metrics
from trainwell.report.figures.network_drawing import boxes_of
from trainwell.report.figures.timeline import grid, timeline
from trainwell.report.headline import headline, wilson_interval
from trainwell.report.health import layer_health
from trainwell.report.pictures import PICTURES, picture
from trainwell.signals import Series


def series(values: list[float], span: int = 1) -> Series:
    means = np.array(values, np.float32)
    first = np.arange(len(values), dtype=np.int64) * span + 1
    bad = ~np.isfinite(means)
    means = np.where(bad, np.nan, means)
    return Series(first, first + span - 1, means, means, means, bad.astype(np.uint32))


@given(st.lists(st.floats(width=32), min_size=1, max_size=900), st.integers(1, 5))
def test_a_shorter_timeline_loses_no_extreme_and_no_nan(values: list[float], span: int) -> None:
    long = series(values, span)
    short = timeline(long, 50)
    assert len(short) <= 50 or len(short) == len(long)
    assert short.nonfinite.sum() == long.nonfinite.sum()
    finite = np.array(values, np.float64)[np.isfinite(values)]
    if len(finite):
        assert np.nanmin(short.minimum) == finite.min()
        assert np.nanmax(short.maximum) == finite.max()
    assert (np.diff(short.step) > 0).all()


def test_nothing_is_interpolated_over_a_gap() -> None:
    line = timeline(series([1.0, np.nan, 3.0]))
    assert np.isnan(line.mean[1])
    assert line.nonfinite.tolist() == [0, 1, 0]


def test_a_look_holds_until_the_next(tmp_path: Path) -> None:
    run = recording(tmp_path, CNN, epochs=1, steps_per_epoch=40, every=10)
    cells = grid(run, "weight_norm", ("conv_1", "output"), columns=240)
    recorded = run.layer("weight_norm", "conv_1").mean
    assert cells.values.shape == (2, 31)  # steps 10 to 40
    assert np.array_equal(cells.values[0, [0, 9, 10, 30]], recorded[[0, 0, 1, 3]].astype(float))
    assert not cells.bad.any()


def test_one_nan_marks_its_cell(tmp_path: Path) -> None:
    run = recording(tmp_path, CNN, epochs=4, steps_per_epoch=500, every=1, nan_from=2000)
    cells = grid(run, "weight_norm", ("conv_1",), columns=100)
    assert cells.bad[0].tolist() == [False] * 99 + [True]
    assert np.isfinite(cells.values).all()


@pytest.mark.parametrize("name", sorted(set(PICTURES) - {"scatter"}))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_names_its_axes(tmp_path: Path, name: str, language: Any) -> None:
    figure = picture(name)(classes_run(), recording(tmp_path, epochs=2), language)
    assert figure is not None
    drawn = [axes for axes in figure.axes if axes.axison]
    labels = [axes.get_xlabel() + axes.get_ylabel() for axes in drawn]
    titles = [axes.get_title(loc="left") for axes in drawn]
    assert any(labels) or name == "network_drawing"
    assert any(titles) or name == "network_drawing"
    if language == "zh":
        written = "".join([*labels, *titles, *(text.get_text() for axes in figure.axes for text in axes.texts)])
        assert any("\u4e00" <= character <= "\u9fff" for character in written)


def test_equal_layers_in_a_row_are_one_box() -> None:
    rows = [LayerRow(one.name, one.kind, one.output_shape, one.parameters, one.activation) for one in deep(30)]
    boxes = boxes_of(rows, "en")
    assert [box.layers for box in boxes] == [30, 1]
    assert "30 layers" in boxes[0].kind


def test_the_worst_pairs_come_first() -> None:
    counts = np.array([[9, 1, 0], [5, 2, 3], [0, 0, 7]])
    assert worst_pairs(counts) == [(1, 0), (1, 2), (0, 1)]


def test_accuracy_is_preferred_and_learning_rate_is_no_metric(tmp_path: Path) -> None:
    assert shown_metrics(recording(tmp_path / "a", epochs=1)) == ["loss", "accuracy"]
    assert shown_metrics(recording(tmp_path / "b", epochs=1, metric=None)) == ["loss"]


def test_health_names_the_findings_of_a_layer(tmp_path: Path) -> None:
    facts = classes_run()
    rows = {row.layer: row for row in layer_health(recording(tmp_path), facts.diagnosis)}
    assert rows["conv_1"].findings == (1,)
    assert rows["conv_1"].severity == "error"
    assert rows["dense_1"].severity is None
    assert rows["scaling"].gradient is None
    last = recording(tmp_path / "again").layer("gradient_rms", "conv_1").mean[-10:]
    assert rows["conv_1"].gradient == pytest.approx(float(last.astype(float).mean()))


def test_health_of_a_broken_run_is_nan(tmp_path: Path) -> None:
    rows = layer_health(recording(tmp_path, nan_from=700), classes_run().diagnosis)
    assert rows[1].output == "NaN"


def test_the_headline_prefers_the_test_part() -> None:
    facts = classes_run()
    assert headline(facts).value == "98.1%"
    assert "gets 10.0%" in headline(facts).sentence.en


def test_the_verdict_counts_findings_or_says_what_was_looked_for() -> None:
    assert headline(classes_run()).verdict.en == "Found: 1 error, 1 warning."
    assert headline(classes_run(diagnosis=Diagnosis((), (), ()))).verdict == LABELS["nothing_looked_for"]


def test_wilson_interval_as_published() -> None:
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3: 81 of 263
    low, high = wilson_interval(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson_interval(0.0, 20)[0] == 0.0


def test_every_label_is_in_both_languages() -> None:
    chinese = {key for key, label in LABELS.items() if any("\u4e00" <= c <= "\u9fff" for c in label.zh)}
    assert set(LABELS) - chinese <= {"epochs_of", "measured_line", "in_layer"}
    assert all(label.en.isascii() or set(label.en) & set("R²±×⁻³") for label in LABELS.values())
