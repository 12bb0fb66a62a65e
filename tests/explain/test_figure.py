"""Figures as SVG, PNG and PDF."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from trainwell.errors import FolderError, SettingError
from trainwell.explain import drawable_language, figure, new_figure, save, to_svg


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own, just written


def example(title: str = "学习率 η (1e−3) & <rest>"):
    drawn = new_figure(4, 3)
    axes = drawn.axes[0]
    axes.plot([1, 10, 100], [1, 2, 3], marker="o", label="损失")
    axes.set_xscale("log")
    axes.set_title(title)
    axes.legend()
    return drawn


def test_svg_stands_inline_and_keeps_text_as_text() -> None:
    svg = to_svg(example(), "loss", description='损失 "a" & b')
    root = parsed(svg)
    assert svg.startswith("<svg ")
    assert root.get("role") == "img"
    assert root.get("aria-label") == '损失 "a" & b'
    texts = ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "学习率 η (1e−3) & <rest>" in texts
    assert "损失" in texts
    assert "sans-serif" in svg
    assert "DejaVu" not in svg
    for unwanted in ("<?xml", "<!DOCTYPE", "<metadata", "<style", "http://matplotlib", "<image"):
        assert unwanted not in svg


def test_svg_is_the_same_every_time_and_identifiers_are_its_own() -> None:
    once, again = to_svg(example(), "a"), to_svg(example(), "a")
    assert once == again
    identifiers = [{e.get("id") for e in parsed(svg).iter() if e.get("id")} for svg in (once, to_svg(example(), "b"))]
    assert identifiers[0]
    assert not identifiers[0] & identifiers[1]
    root = parsed(once)
    used = {e.get("{http://www.w3.org/1999/xlink}href") for e in root.iter() if "href" in str(e.attrib)}
    assert {name.removeprefix("#") for name in used} <= identifiers[0]


def test_writing_twice_gives_the_same_and_no_setting_of_the_process_changes() -> None:
    before = dict(mpl.rcParams)
    drawn = example()
    assert to_svg(drawn, "x") == to_svg(drawn, "x")
    assert dict(mpl.rcParams) == before


def test_no_font_for_chinese_is_no_reason_to_warn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(figure, "chinese_font", lambda: None)
    assert "学习率" in to_svg(example(), "x")
    save(example(), tmp_path / "picture.png")
    assert drawable_language("zh", "picture.png") == "en"
    assert drawable_language("zh", "picture.svg") == "zh"
    monkeypatch.setattr(figure, "chinese_font", lambda: "Some CJK")
    assert drawable_language("zh", "picture.png") == "zh"


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.PDF", b"%PDF"), ("a.svg", b"<svg ")])
def test_files_are_what_their_ending_says(name: str, begins: bytes, tmp_path: Path) -> None:
    path = save(example("title"), tmp_path / name)
    assert path.read_bytes().startswith(begins)
    again = save(example("title"), tmp_path / ("second_" + name))
    assert path.read_bytes() == again.read_bytes()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"'a.jpeg'; end its name with .svg, .png, .pdf"):
        save(example(), tmp_path / "a.jpeg")


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_missing_folder_is_named(ending: str, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="No such file or directory"):
        save(example(), tmp_path / "missing" / f"a.{ending}")


def test_axes_are_laid_out_in_rows_and_columns() -> None:
    assert len(new_figure(6, 4, rows=2, columns=3).axes) == 6
    assert new_figure(6, 4, rows=0).axes == []
