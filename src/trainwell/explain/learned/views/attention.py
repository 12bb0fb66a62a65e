"""Attention of a Transformer: which tokens each head looks at, on one real example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.explain.learned.calls import Call, attention_watch, layers_inside, observed
from trainwell.explain.learned.canvas import NAMED_STEPS, calm, colour_bar, empty_figure, sample_line, step_axis, words
from trainwell.explain.learned.example import Batch, Example, batched
from trainwell.explain.learned.explanation import Arrays, Explanation
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]
_LAYERS, _HEADS, _COLUMNS = 4, 8, 4

_SHARPEST = Text(
    en="The head that looks most narrowly: {layer}, head {head}", zh="看得最集中的头：{layer}，第 {head} 头"
)
_HEAD = Text(en="head {head}", zh="第 {head} 头")
_DISTANCE = Text(en="{distance} away, {bits} bits", zh="距离 {distance}，{bits} 比特")
_BITS = Text(en="{bits} bits", zh="{bits} 比特")
_LOOKS = Text(en="what looks: {axis}", zh="发出注意的{axis}")
_LOOKED_AT = Text(en="what is looked at: {axis}", zh="被注意的{axis}")
_WEIGHT = Text(en="attention weight (each row sums to 1)", zh="注意力权重（每行之和为 1）")
_CUT = Text(en="first {count} of {all}", zh="共 {all} 个，显示前 {count} 个")


def measure(model: Any, examples: tuple[Example, ...]) -> Arrays | None:
    """Attention weights of up to four layers and eight heads of each, as Keras computes them (Vaswani et al. 2017).

    Of each head: the mean distance between a token and what it looks at, weighted by attention, in tokens (NaN where it
    looks at something else than its own sequence), and the entropy of its weights in bits, both as means over all
    real tokens; 0 bits is one token only, log2(tokens) bits all alike.
    """
    batch = batched(model, examples[:1])
    layers = [layer for layer in layers_inside(model) if type(layer).__name__ in _ATTENTION]
    if not layers:
        return None
    observed_calls = observed(model, batch.x, layers, attention_watch)
    calls = [call for call in observed_calls if call.arrays["scores"].ndim in (3, 4)]
    if not calls:
        return None
    chosen = sorted(set(np.linspace(0, len(calls) - 1, min(len(calls), _LAYERS)).round().astype(int).tolist()))
    arrays: dict[str, Any] = {}
    for place, which in enumerate(chosen):
        weights = _real_weights(calls[which], batch)
        itself = bool(calls[which].arrays["to_itself"])
        arrays[f"weights_{place}"] = weights[:_HEADS, :NAMED_STEPS, :NAMED_STEPS].astype(np.float16)
        arrays[f"distance_{place}"] = _distances(weights) if itself else np.full(len(weights), np.nan)
        arrays[f"entropy_{place}"] = _entropies(weights)
        arrays[f"layer_{place}"] = np.array(str(calls[which].layer.name))
        arrays[f"tokens_{place}"] = np.array(weights.shape[1:])
    shown = examples[0]
    steps = int(arrays["tokens_0"][0])
    several = batch.x.shape[1] / calls[chosen[0]].arrays["scores"].shape[-2]  # steps of the input to one token
    return {
        **arrays,
        "tokens": np.array((shown.steps if len(shown.steps) == steps else ())[:NAMED_STEPS], np.str_),
        "first": np.array(0),
        "seconds": np.array(np.nan if shown.seconds_per_step is None else shown.seconds_per_step * several),
        "kind": np.array(shown.kind),
        "label": np.array(shown.label),
        "answer": np.array(shown.answer),
    }


def draw(arrays: Arrays, language: Language) -> Figure:
    """The head that looks most narrowly with its tokens on both axes, and a small map for every head."""
    from matplotlib.colors import PowerNorm

    places = [place for place in range(_LAYERS) if f"weights_{place}" in arrays]
    heads = {place: len(arrays[f"weights_{place}"]) for place in places}
    rows = [(place, start) for place in places for start in range(0, heads[place], _COLUMNS)]
    figure = empty_figure(5.2 + 1.6 * len(rows) + 0.25 * len(places))
    # Roots tell 1/40 from 0: with linear colours, everything but the sharpest heads would be one colour.
    norm = PowerNorm(0.5, 0, 1)
    parts: Any = figure.subfigures(2, 1, height_ratios=[5.2, 1.6 * len(rows) + 0.25 * len(places)])
    large, small = parts
    for part in (large, small):
        part.patch.set_alpha(0)
    axes = calm(large.subplots(), grid=False)
    image = _draw_large(axes, arrays, places, norm, language)
    bar = colour_bar(figure, image, axes, _WEIGHT[language], aspect=24)
    bar.set_ticks([0, 0.05, 0.25, 0.5, 1], labels=["0", "0.05", "0.25", "0.5", "1"])
    grid = small.subplots(len(rows), _COLUMNS, squeeze=False)
    for line, (place, start) in zip(grid, rows, strict=True):
        for column, axes in enumerate(line):
            head = start + column
            if head >= heads[place]:
                axes.set_visible(False)
                continue
            calm(axes, grid=False)
            axes.imshow(_weights(arrays, place)[head], cmap=_COLOURS, norm=norm, interpolation="nearest", aspect="auto")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_title(_small_title(arrays, place, head, language, named=head == 0), loc="left", fontsize=7.5)
    return figure


def _draw_large(axes: Any, arrays: Arrays, places: list[int], norm: Any, language: Language) -> Any:
    sharpest = [(float(np.min(arrays[f"entropy_{place}"][:_HEADS])), place) for place in places]
    place = min(sharpest)[1]
    head = int(np.argmin(arrays[f"entropy_{place}"][:_HEADS]))
    weights = _weights(arrays, place)[head]
    image = axes.imshow(weights, cmap=_COLOURS, norm=norm, interpolation="nearest", aspect="auto")
    below = step_axis(axes.xaxis, arrays if weights.shape[1] == weights.shape[0] else _unnamed(arrays), language)
    beside = step_axis(axes.yaxis, arrays, language)
    axes.set_ylabel(_LOOKS[language].format(axis=beside), fontsize=9)
    label = _LOOKED_AT[language].format(axis=below)
    real = int(arrays[f"tokens_{place}"][0])
    if real > len(weights):
        label += f" ({_CUT[language].format(count=len(weights), all=real)})"
    axes.set_xlabel(label, fontsize=9)
    title = _SHARPEST[language].format(layer=words(str(arrays[f"layer_{place}"])), head=head + 1)
    line = sample_line(arrays, language)
    axes.set_title(f"{title}\n{line}" if line else title, loc="left", fontsize=9, fontweight="bold")
    return image


def _small_title(arrays: Arrays, place: int, head: int, language: Language, *, named: bool) -> str:
    distance, entropy = float(arrays[f"distance_{place}"][head]), float(arrays[f"entropy_{place}"][head])
    says = _DISTANCE if np.isfinite(distance) else _BITS
    lines = [
        _HEAD[language].format(head=head + 1),
        says[language].format(distance=f"{distance:.1f}", bits=f"{entropy:.1f}"),
    ]
    return "\n".join([words(str(arrays[f"layer_{place}"]), 40), *lines] if named else lines)


def _weights(arrays: Arrays, place: int) -> Array:
    return np.asarray(arrays[f"weights_{place}"], np.float32)


def _unnamed(arrays: Arrays) -> Arrays:
    return {**arrays, "tokens": np.array((), np.str_)}


def _real_weights(call: Call, batch: Batch) -> Array:
    """(heads, queries, keys) of the first example, real tokens only."""
    scores = call.arrays["scores"][0]
    scores = scores if scores.ndim == 3 else scores[None]
    masks = call.arrays
    queries = batch.real_steps(0, scores.shape[1], masks.get("query_mask"))
    looked_at = np.ones(scores.shape[2], bool)  # what is not masked is shown, so that each row sums to 1
    if "value_mask" in masks:
        looked_at &= masks["value_mask"][0].astype(bool)
    if "attention_mask" in masks:  # given by the network itself: (..., queries or 1, keys)
        looked_at &= masks["attention_mask"][0].astype(bool).reshape(-1, scores.shape[2]).any(axis=0)
    if bool(masks["to_itself"]):
        queries = queries[looked_at[queries]]
    return scores[:, queries][:, :, looked_at]


def _distances(weights: Array) -> Array:
    places = np.arange(weights.shape[1])[:, None] - np.arange(weights.shape[2])[None]
    return (weights * np.abs(places)).sum(axis=-1).mean(axis=-1).astype(np.float32)


def _entropies(weights: Array) -> Array:
    positive = np.where(weights > 0, weights, 1.0)
    return -(weights * np.log2(positive)).sum(axis=-1).mean(axis=-1).astype(np.float32)


_COLOURS = "YlGnBu"
_ATTENTION = ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention", "Attention", "AdditiveAttention")

EXPLANATION = Explanation(
    "attention",
    Text(en="What the attention heads look at", zh="注意力头在看什么"),
    Text(
        en="Attention is a prism: it takes a text apart into several views, one for each head, as a prism takes "
        "light apart into colours. Each row is a token, the dark fields in it are the tokens that it takes notice "
        "of. Look for diagonals (a head that looks at neighbours), upright stripes (a token that all look at), "
        "and blocks (parts that belong together). The numbers are the mean distance to what a head looks at, in "
        "tokens, and how widely it looks, in bits (0: at one token only). Heads that are all alike and even have "
        "hardly learned to choose.",
        zh="注意力像一块棱镜：正如棱镜把光分成各种颜色，它把文本分解成多个视角，每个头一个。每一行是一个词元，"
        "行中深色的格子是它所关注的词元。请留意对角线（只看相邻词元的头）、竖条纹（所有词元都关注的词元）和方块（彼此相关的部分）。"
        "数字是一个头与它所关注的词元的平均距离（以词元计），以及它看得有多分散（比特；0 表示只看一个词元）。"
        "若各个头都相似且均匀，说明它们几乎没有学会选择。",
    ),
    measure,
    draw,
)
