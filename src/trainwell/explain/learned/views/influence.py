"""Influence: which tokens of a text, or which columns of a table, moved the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.explain.figure import COLOURS
from trainwell.explain.learned.answer import answer_of, answers_to, pull_at, pull_at_input
from trainwell.explain.learned.calls import input_watch, layers_inside, observed
from trainwell.explain.learned.canvas import (
    DIVERGING,
    calm,
    colour_bar,
    display_columns,
    empty_figure,
    named,
    sample_line,
    token_words,
    words,
)
from trainwell.explain.learned.example import Batch, Example, batched
from trainwell.explain.learned.explanation import Arrays, Explanation
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]
_TEXTS, _TOKENS, _COLUMNS = 4, 60, 15
_LINE = 62  # narrow characters to a line of text

_FOR = Text(
    en="against  ←  share of the strongest token  →  for the answer", zh="反对  ←  与最强词元之比  →  支持该回答"
)
_PART = Text(en="tokens {first}–{last} of {all}", zh="第 {first}–{last} 个词元，共 {all} 个")
_CHANGE = Text(en="effect of a typical change of the column ({unit})", zh="该列典型变化的影响（{unit}）")
_LEADING = Text(en="The {shown} columns that count most, of {count}", zh="影响最大的 {shown} 列，共 {count} 列")
_EVERY = Text(en="How much each column counts", zh="每一列的影响")
_MEAN = Text(en="mean of {count} examples", zh="{count} 个样本的均值")
_SINGLE = Text(en="one example", zh="单个样本")
_COLUMN = Text(en="column {number}", zh="第 {number} 列")


def measure(model: Any, examples: tuple[Example, ...]) -> Arrays | None:
    """Text: gradient × input at the embedding. Tables: |gradient| × standard deviation of each column.

    Gradient × input (Shrikumar et al. 2016) is summed over the dimensions of a token's embedding: the share of the
    answer that it carries, to first order. The standard deviation is that of the training part where the network has it
    (a Normalization layer), else that of the examples. A column through which no gradient comes, a category that is
    looked up, counts with the mean change of the answer when the value of another example takes its place.
    """
    kind = examples[0].kind
    if kind == "text":
        return _of_text(model, examples)
    return _of_table(model, examples) if kind == "table" and examples[0].x.ndim == 2 else None


def draw(arrays: Arrays, language: Language) -> Figure:
    """Coloured tokens, or bars of columns."""
    return _draw_text(arrays, language) if str(arrays["kind"]) == "text" else _draw_table(arrays, language)


def _of_text(model: Any, examples: tuple[Example, ...]) -> Arrays | None:
    chosen = examples[:_TEXTS]
    batch = batched(model, chosen)
    embeddings = [layer for layer in layers_inside(model) if type(layer).__name__ == "Embedding"]
    calls = observed(model, batch.x, embeddings, input_watch)
    # The embedding of positions, if there is one, does not read the tokens themselves.
    reading = [
        c.layer for c in calls if c.arrays["input"].shape == batch.x.shape and (c.arrays["input"] == batch.x).all()
    ]
    if not reading:
        return None
    pull = pull_at(model, batch, answer_of(model, batch), reading[0], "output")
    shares = (pull.values * pull.gradient).sum(axis=-1)
    arrays: dict[str, Any] = {"kind": np.array("text")}
    for place, example in enumerate(batch.examples):
        real = shares[place, : batch.lengths[place]]
        start = _strongest_part(np.abs(real))
        part = slice(start, start + _TOKENS)
        tokens = example.steps or tuple(str(int(token)) for token in example.x[0])
        arrays[f"shares_{place}"] = (real[part] / (np.abs(real).max(initial=0.0) or 1.0)).astype(np.float32)
        arrays[f"tokens_{place}"] = np.array(tokens[: len(real)][part], np.str_)
        arrays[f"part_{place}"] = np.array([start, len(real)])
        arrays[f"label_{place}"], arrays[f"answer_{place}"] = np.array(example.label), np.array(example.answer)
    return arrays


def _strongest_part(sizes: Array) -> int:
    """Where the tokens to show begin: the stretch of 60 that holds most of the influence."""
    if len(sizes) <= _TOKENS:
        return 0
    sums = np.convolve(sizes, np.ones(_TOKENS), mode="valid")
    return int(sums.argmax())


def _of_table(model: Any, examples: tuple[Example, ...]) -> Arrays:
    batch = batched(model, examples)
    answer = answer_of(model, batch)
    pull = pull_at_input(model, batch, answer)
    typical = _typical_change(model, batch.x)
    change = np.abs(pull.gradient) * typical
    silent = ~pull.gradient.any(axis=0)
    for column in np.flatnonzero(silent):
        change[:, column] = _by_exchange(model, batch, int(column))
    order = np.argsort(-change.mean(axis=0), kind="stable")[:_COLUMNS]
    names = batch.examples[0].channels
    named_columns = len(names) == batch.x.shape[1]
    return {
        "kind": np.array("table"),
        "change": change[:, order].astype(np.float32),
        "columns": np.array([names[c] if named_columns else "" for c in order], np.str_),
        "numbers": order + 1,
        "count": np.array(batch.x.shape[1]),
        "unit": np.array([answer.unit.en, answer.unit.zh]),
    }


def _typical_change(model: Any, x: Array) -> Array:
    """One standard deviation of each column, (columns,)."""
    for layer in layers_inside(model):
        variance = getattr(layer, "variance", None)
        if type(layer).__name__ == "Normalization" and variance is not None and np.size(variance) == x.shape[1]:
            return np.sqrt(np.asarray(variance, np.float32).reshape(-1))
    return np.nanstd(np.where(np.isfinite(x), x, np.nan), axis=0)


def _by_exchange(model: Any, batch: Batch, column: int) -> Array:
    """Mean change of each example's answer when the other examples' values take the place of its own, (examples,)."""
    others = np.unique(batch.x[:, column])
    changes: list[float] = []
    for place in range(len(batch.x)):
        variants = np.repeat(batch.x[place : place + 1], len(others) + 1, axis=0)
        variants[1:, column] = others
        single = Batch((batch.examples[place],), batch.x[place : place + 1], batch.lengths[place : place + 1])
        answers = answers_to(model, variants, answer_of(model, single))
        changes.append(float(np.abs(answers[1:] - answers[0]).mean()))
    return np.array(changes)


def _draw_text(arrays: Arrays, language: Language) -> Figure:
    import matplotlib as mpl
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    places = [place for place in range(_TEXTS) if f"shares_{place}" in arrays]
    texts = [_lines([token_words(str(t), 20) for t in arrays[f"tokens_{place}"]]) for place in places]
    height = sum(0.22 * len(lines) + 0.6 for lines in texts) + 0.7
    figure = empty_figure(height)
    axes = calm(figure.add_subplot(), grid=False)
    axes.set(xlim=(0, _LINE + 1), ylim=(height - 0.7, 0), xticks=[], yticks=[])
    colours, norm = mpl.colormaps[DIVERGING], Normalize(-1, 1)
    down = 0.25
    for place, lines in zip(places, texts, strict=True):
        start, count = (int(n) for n in arrays[f"part_{place}"])
        shares = arrays[f"shares_{place}"]
        title = sample_line({"label": arrays[f"label_{place}"], "answer": arrays[f"answer_{place}"]}, language)
        if count > len(shares):
            part = _PART[language].format(first=start + 1, last=start + len(shares), all=count)
            title = f"{title}  ({part})" if title else part
        axes.text(0, down, title, fontsize=9, fontweight="bold", va="center")
        for number, line in enumerate(lines):
            middle = down + 0.26 + 0.22 * number
            for left, width, token, text in line:
                colour = colours(norm(float(shares[token])))
                axes.fill_between([left, left + width], middle - 0.1, middle + 0.1, color=colour, linewidth=0)
                ink = "white" if _darkness(colour) else "#111111"
                axes.text(left + width / 2, middle, text, fontsize=8, ha="center", va="center", color=ink)
        down += 0.22 * len(lines) + 0.6
    colour_bar(
        figure, ScalarMappable(norm, colours), axes, _FOR[language], location="bottom", aspect=50, fraction=0.04
    ).set_ticks([-1, 0, 1], labels=["−1", "0", "1"])
    return figure


def _lines(tokens: list[str]) -> list[list[tuple[float, float, int, str]]]:
    """Tokens set in lines: for each line (left, width, number of the token, text), in narrow characters."""
    lines: list[list[tuple[float, float, int, str]]] = [[]]
    left = 0.0
    for number, text in enumerate(tokens):
        width = display_columns(text.replace(r"\$", "$")) + 0.6
        if left + width > _LINE and lines[-1]:
            lines.append([])
            left = 0.0
        lines[-1].append((left, width, number, text))
        left += width + 0.25
    return lines


def _darkness(colour: Any) -> bool:
    red, green, blue = colour[:3]
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.5


def _draw_table(arrays: Arrays, language: Language) -> Figure:
    change = arrays["change"]
    shown, count = change.shape[1], int(arrays["count"])
    figure = empty_figure(1.2 + 0.27 * shown)
    axes = calm(figure.add_subplot())
    axes.grid(visible=False, axis="y")
    places = np.arange(shown)
    mean = _MEAN[language].format(count=len(change))
    axes.barh(places, change.mean(axis=0), color=COLOURS[0], height=0.62, label=mean)
    if len(change) > 1:
        for number, row in enumerate(change):
            label = _SINGLE[language] if number == 0 else None
            axes.plot(row, places, "|", color="#111111", markersize=7, alpha=0.7, label=label)
    names = [
        words(str(name)) or _COLUMN[language].format(number=int(number))
        for name, number in zip(arrays["columns"], arrays["numbers"], strict=True)
    ]
    axes.set_yticks(places, names)
    axes.set_ylim(shown - 0.4, -0.6)
    unit = str(arrays["unit"][1 if language == "zh" else 0])
    title = (_EVERY if shown == count else _LEADING)[language].format(shown=shown, count=count)
    named(axes, title, _CHANGE[language].format(unit=unit))
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


EXPLANATION = Explanation(
    "influence",
    Text(en="What moved the answer", zh="是什么影响了回答"),
    Text(
        en="How strongly each part of the input moved the answer, by the gradient: ask the network how its answer "
        "would change if this part were a little stronger. Look whether the parts that count are those a person "
        "would name; if a name, a number or a mark that should not matter counts most, the network has found a "
        "short cut. The gradient knows only small changes, so take this as a hint, not as a proof.",
        zh="此图用梯度衡量输入的每一部分对回答的影响：设想这一部分稍强一些，网络的回答会怎样变化。"
        "请看起作用的部分是否也是人会指出的部分；如果最重要的竟是本不相干的名称、数字或符号，说明网络走了捷径。"
        "梯度只反映微小的变化，因此请把它看作线索，而不是证明。",
    ),
    measure,
    draw,
)
