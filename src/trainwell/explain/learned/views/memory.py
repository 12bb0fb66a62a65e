"""Memory of a recurrent network: how strongly each past step still moves the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.errors import ModelError
from trainwell.explain.figure import COLOURS
from trainwell.explain.learned.answer import answer_of, pull_at
from trainwell.explain.learned.calls import call_order
from trainwell.explain.learned.canvas import calm, empty_figure, named, power_of_ten, sample_line, step_axis, words
from trainwell.explain.learned.example import Example, batched
from trainwell.explain.learned.explanation import Arrays, Explanation
from trainwell.explain.learned.recurrent import recurrent_layers
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FAR = 0.01  # of the strongest influence: below, a step is counted as forgotten
NEAR = float(np.exp(-1))  # the characteristic time of an exponential decay (Tallec & Ollivier 2018, section 2)
_FLOOR = 1e-8
_SHOWN = 40  # steps of the example

_BACK = Text(en="steps back from the last one", zh="距最后一步的步数")
_INFLUENCE = Text(en="influence (largest = 1)", zh="影响（最大值 = 1）")
_MEAN = Text(en="mean of {count} examples", zh="{count} 个样本的均值")
_SPREAD = Text(en="least to most", zh="最小到最大")
_NEAR = Text(en="at least 1/e of the largest: {steps}", zh="不低于最大值的 1/e：{steps}")
_FAR = Text(en="at least 1% of the largest: {steps}", zh="不低于最大值的 1%：{steps}")
_STEPS = Text(en="{count} back", zh="回溯 {count} 步")
_ALL = Text(en="all {count} back", zh="回溯全部 {count} 步")
_TITLE = Text(en="How far back the memory reaches ({layer})", zh="记忆可以回溯多远（{layer}）")
_ONE = Text(en="One example", zh="一个样本")
_LAST = Text(en="One example, its last {count} steps", zh="一个样本的最后 {count} 步")


def reach(influence: npt.NDArray[Any], share: float) -> int:
    """The memory length: steps back of the furthest step whose influence is at least `share` of the largest.

    Args:
        influence: (steps back,), 0 or more, the last step first.
        share: of the largest influence, 0 to 1.

    >>> reach(np.array([1.0, 0.5, 0.25, 0.005]), 0.01)
    2
    """
    return int(np.flatnonzero(influence >= share * influence.max(initial=0.0)).max(initial=0))


def measure(model: Any, examples: tuple[Example, ...]) -> Arrays | None:
    """Norm of the gradient of the answer with respect to what the first recurrent layer is given at each step.

    The gradient through the steps is the product of Jacobians of which Bengio et al. 1994 and Pascanu et al. 2013
    (section 2.1) show that it vanishes or explodes. It is taken at the input of the layer (for text: the embedding), so
    it holds every way from a step to the answer. Each example counts alike: its largest norm is 1. Padding is left out.

    Raises:
        ModelError: no gradient comes through at all.
    """
    batch = batched(model, examples)
    order = call_order(model, batch.x, recurrent_layers(model))
    if not order:
        return None
    layer = order[0]
    pull = pull_at(model, batch, answer_of(model, batch), layer, "input")
    norms = np.sqrt(np.square(pull.gradient.astype(np.float64)).reshape(*pull.gradient.shape[:2], -1).sum(axis=-1))
    real = [batch.real_steps(place, norms.shape[1], pull.mask) for place in range(len(norms))]
    rows = [norms[place, steps] for place, steps in enumerate(real)]
    back = [row[::-1] / row.max() for row in rows if row.max(initial=0.0) > 0]
    if not back:
        raise ModelError(
            Text(
                en=f"no gradient comes from the answer back to the layer {layer.name}, so its memory cannot be shown",
                zh=f"没有任何梯度能从回答传回 {layer.name} 层，因此无法展示它的记忆",
            )
        )
    longest = int(np.median([len(row) for row in back]))  # at least half of the examples reach back as far
    table = np.full((len(back), longest), np.nan)
    for place, row in enumerate(back):
        table[place, : min(len(row), longest)] = row[:longest]
    mean = np.nanmean(table, axis=0)
    one = rows[0] / (rows[0].max(initial=0.0) or 1.0)
    shown, seconds = batch.examples[0], batch.examples[0].seconds_per_step
    several = batch.x.shape[1] / norms.shape[1]  # steps of the input to one of the layer
    named_steps = shown.steps if len(shown.steps) == len(one) else ()
    return {
        "mean": (mean / mean.max()).astype(np.float32),
        "least": (np.nanmin(table, axis=0) / mean.max()).astype(np.float32),
        "most": (np.nanmax(table, axis=0) / mean.max()).astype(np.float32),
        "examples": np.array(len(back)),
        "one": one[-_SHOWN:] if named_steps else one,
        "tokens": np.array(named_steps[-_SHOWN:], np.str_),
        "first": np.array(max(0, len(one) - _SHOWN) if named_steps else 0),
        "seconds": np.array(np.nan if seconds is None else seconds * several),
        "kind": np.array(shown.kind),
        "label": np.array(shown.label),
        "answer": np.array(shown.answer),
        "layer": np.array(str(layer.name)),
    }


def draw(arrays: Arrays, language: Language) -> Figure:
    """Above the influence by steps back, below the same for one example, step by step."""
    figure = empty_figure(5.6)
    above, below = (calm(axes) for axes in figure.subplots(2, 1))
    _draw_decay(above, arrays, language)
    one = np.maximum(arrays["one"], _FLOOR)
    tokens = len(arrays["tokens"])
    low = max(_FLOOR, float(one.min()) * 0.5)
    if tokens:
        below.bar(range(len(one)), one - low, bottom=low, color=COLOURS[0], width=0.8)
        below.set_xlim(-0.6, len(one) - 0.4)
        below.grid(visible=False, axis="x")
    else:
        below.plot(one, color=COLOURS[0], linewidth=1.5, marker="o" if len(one) < 50 else "", markersize=3)
    _logarithmic(below, low)
    title = (_LAST if int(arrays["first"]) else _ONE)[language].format(count=len(one))
    line = sample_line(arrays, language)
    named(below, title, step_axis(below.xaxis, arrays, language), _INFLUENCE[language])
    if line:
        below.set_title(f"{title}\n", loc="left", fontsize=10, fontweight="bold")
        below.text(0, 1.02, line, transform=below.transAxes, fontsize=8.5, va="bottom")
    return figure


def _draw_decay(axes: Any, arrays: Arrays, language: Language) -> None:
    from matplotlib.ticker import MaxNLocator

    mean = np.maximum(arrays["mean"], _FLOOR)
    back = np.arange(len(mean))
    count = int(arrays["examples"])
    axes.plot(back, mean, color=COLOURS[0], linewidth=2, label=_MEAN[language].format(count=count))
    if count > 1:
        least, most = (np.maximum(arrays[name], _FLOOR) for name in ("least", "most"))
        axes.fill_between(back, least, most, color=COLOURS[0], alpha=0.18, linewidth=0, label=_SPREAD[language])
    for share, text, colour in ((NEAR, _NEAR, COLOURS[2]), (FAR, _FAR, COLOURS[1])):
        far = reach(arrays["mean"], share)
        steps = (_ALL if far == len(mean) - 1 else _STEPS)[language].format(count=far)
        axes.axhline(share, color=colour, linewidth=1.2, linestyle="--", label=text[language].format(steps=steps))
    _logarithmic(axes, max(_FLOOR, min(float(mean.min()), FAR) * 0.5), max(2.0, 1.2 * float(arrays["most"].max())))
    named(axes, _TITLE[language].format(layer=words(str(arrays["layer"]))), _BACK[language], _INFLUENCE[language])
    axes.legend(fontsize=8, loc="best", facecolor="white", edgecolor="none", framealpha=0.85)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))


def _logarithmic(axes: Any, low: float, high: float = 2.0) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(LogLocator(numticks=9))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(power_of_ten)


EXPLANATION = Explanation(
    "memory",
    Text(en="The memory of the network", zh="网络的记忆"),
    Text(
        en="A recurrent network is a chain of memory: it reads step by step and hands what it remembers to the next "
        "link. The curve shows how strongly a step still moves the answer when it lies so many steps back "
        "(gradient of the answer with respect to what the first recurrent layer reads at that step). A line that "
        "falls quickly means that early steps are forgotten, a flat one that they still count. In the example "
        "below, look for the steps that stand out: these the answer depends on.",
        zh="循环网络像一条记忆的链条：它一步一步地读入，把记住的内容交给下一环。曲线表示距今若干步的输入对回答还有多大影响"
        "（回答对第一个循环层在该步所读内容的梯度）。曲线下降得快，说明早先的步已被遗忘；曲线平坦，说明它们仍然起作用。"
        "在下方的样本中，请留意突出的步：回答正是取决于它们。",
    ),
    measure,
    draw,
)
