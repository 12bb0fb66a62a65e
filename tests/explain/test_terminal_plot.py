"""Drawing with characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainwell.explain.panel import Line, Panel, Style
from trainwell.explain.terminal_plot import display_width, draw
from trainwell.locales import Text


def panel(y: np.ndarray, *, style: Style = "solid", log_y: bool = False) -> Panel:
    name = Text(en="a curve", zh="一条曲线")
    x = np.arange(len(y), dtype=np.float64)
    return Panel(name, name, name, (Line(name, x, np.asarray(y, dtype=np.float64), style),), log_y=log_y)


def area(text: str) -> list[str]:
    return [line.split("│", 1)[1] for line in text.splitlines() if "│" in line]


def test_a_straight_line_goes_from_corner_to_corner() -> None:
    rows = area(draw(panel(np.array([0.0, 1.0])), "en", width=40, height=13))
    assert len(rows) == 8
    assert rows[0].rstrip()[-1] != " "
    assert rows[-1][0] != " "
    starts = [len(row) - len(row.lstrip()) for row in rows]
    assert starts == sorted(starts, reverse=True), "it rises to the right"


def test_numbers_stand_at_both_ends_and_at_zero() -> None:
    lines = draw(panel(np.array([-2.0, 2.0])), "en", width=40, height=13).splitlines()
    beside = [line.split("│")[0].strip() for line in lines if "│" in line]
    assert beside[0] == "2"
    assert beside[-1] == "−2"
    assert "0" in beside


def test_a_logarithmic_axis_makes_a_power_straight() -> None:
    power = 10.0 ** np.arange(8.0)
    assert area(draw(panel(power, log_y=True), "en")) == area(draw(panel(np.arange(8.0)), "en"))
    assert "1.0e+07" in draw(panel(power, log_y=True), "en")


def test_dashes_bars_and_points_differ() -> None:
    y = np.array([1.0, 3.0, 2.0, 4.0])
    drawn = {style: "".join(area(draw(panel(y, style=style), "en"))) for style in ("solid", "dashed", "points", "bars")}
    assert len(set(drawn.values())) == 4


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(-1e6, 1e6) | st.just(np.nan)),
    st.integers(40, 120),
    st.integers(8, 40),
    st.sampled_from(["solid", "dashed", "points", "bars"]),
    st.booleans(),
    st.sampled_from(["en", "zh"]),
)
def test_it_always_fits(y: np.ndarray, width: int, height: int, style: Style, log_y: bool, language: str) -> None:
    lines = draw(panel(y, style=style, log_y=log_y), language, width, height).splitlines()
    assert len(lines) == height
    assert max(display_width(line) for line in lines) <= width


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("学习率", 6), ("（η）", 5), ("é", 1)])
def test_chinese_characters_take_two_columns(text: str, width: int) -> None:
    assert display_width(text) == width
