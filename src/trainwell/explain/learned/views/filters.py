"""The filters of the first convolution layer, as small pictures or lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.explain.figure import COLOURS
from trainwell.explain.learned.calls import call_order
from trainwell.explain.learned.canvas import DIVERGING, bare, calm, colour_bar, empty_figure, named, symmetric, words
from trainwell.explain.learned.convolutions import convolutions, side_by_side
from trainwell.explain.learned.example import Example, batched
from trainwell.explain.learned.explanation import Arrays, Explanation
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 64
_LINES = 4  # more channels than this are drawn as a map, not as lines

_PICTURES = Text(
    en="{layer}: {shown} of {count} filters of {size}", zh="{layer}：滤波器 {count} 个，显示 {shown} 个，大小 {size}"
)
_ALL = Text(en="{layer}: {count} filters of {size}", zh="{layer}：滤波器 {count} 个，大小 {size}")
_STEPS = Text(en="{length} steps", zh="{length} 步")
_WEIGHT = Text(en="weight (no unit)", zh="权重（无单位）")
_MEAN = Text(en="weight, mean over {count} channels", zh="权重，{count} 个通道的均值")
_COLOUR = Text(
    en="Colours are the weights on red, green and blue; mid-grey is 0.", zh="颜色表示对红、绿、蓝的权重；中灰色为 0。"
)
_STEP = Text(en="step of the filter", zh="滤波器的步")
_CHANNEL = Text(en="channel", zh="通道")


def measure(model: Any, examples: tuple[Example, ...]) -> Arrays | None:
    """The kernel of the first convolution: (filters, height, width, channels) or (filters, steps, channels)."""
    order = call_order(model, batched(model, examples[:1]).x, convolutions(model, (1, 2)))
    if not order or examples[0].kind == "text":  # words have no axis along which weights make a picture
        return None
    layer = order[0]
    kernel = getattr(layer, "kernel", None)
    kernel = np.asarray((layer.depthwise_kernel if kernel is None else kernel).value, np.float32)
    if "Depthwise" in type(layer).__name__ or "Separable" in type(layer).__name__:  # (..., channels, multiplier)
        kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    channels = kernel.shape[-2]
    averaged = kernel.ndim == 4 and channels not in (1, 3)
    kept = kernel.mean(axis=-2, keepdims=True) if averaged else kernel
    names = examples[0].channels if len(examples[0].channels) == channels else ()
    return {
        "kernel": np.moveaxis(kept, -1, 0)[:_MOST].astype(np.float16),
        "filters": np.array(kernel.shape[-1]),
        "averaged": np.array(channels if averaged else 0),
        "channels": np.array(names, np.str_),
        "layer": np.array(str(layer.name)),
    }


def draw(arrays: Arrays, language: Language) -> Figure:
    """Small pictures for two dimensions, lines over the steps for one, a map for one with many channels."""
    kernel = np.asarray(arrays["kernel"], np.float32)
    if kernel.ndim == 4:
        return _pictures(kernel, arrays, language)
    return _over_steps(kernel, arrays, language)


def _title(arrays: Arrays, shown: int, size: str, language: Language) -> str:
    count = int(arrays["filters"])
    text = _ALL if shown == count else _PICTURES
    return text[language].format(layer=words(str(arrays["layer"])), shown=shown, count=count, size=size)


def _pictures(kernel: Any, arrays: Arrays, language: Language) -> Figure:
    columns = 8 if len(kernel) > 4 else 4
    rows = -(-len(kernel) // columns)
    ratio = kernel.shape[1] / kernel.shape[2]
    figure = empty_figure(0.55 + min(9.0, rows * ratio * 4.85 / columns) + (0.2 if kernel.shape[-1] == 3 else 0))
    axes = calm(figure.add_subplot(), grid=False)
    colour = kernel.shape[-1] == 3
    if colour:
        largest = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True)
        together = side_by_side(0.5 + 0.5 * kernel / np.where(largest > 0, largest, 1), columns)
        axes.imshow(np.nan_to_num(together, nan=1.0), interpolation="nearest")
    else:
        limit = symmetric(kernel)
        together = side_by_side(kernel[..., 0], columns)
        image = axes.imshow(together, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
        averaged = int(arrays["averaged"])
        name = _MEAN[language].format(count=averaged) if averaged else _WEIGHT[language]
        colour_bar(figure, image, axes, name)
    axes.set_xticks([])
    axes.set_yticks([])
    size = f"{kernel.shape[1]} × {kernel.shape[2]}"
    named(axes, _title(arrays, len(kernel), size, language), _COLOUR[language] if colour else "")
    return figure


def _over_steps(kernel: Any, arrays: Arrays, language: Language) -> Figure:
    from matplotlib.ticker import MaxNLocator

    kernel = kernel[: 32 if kernel.shape[-1] <= _LINES else 16]
    count, steps, channels = kernel.shape
    columns = 4 if count > 2 else count
    rows = -(-count // columns)
    figure = empty_figure(1.1 + 0.85 * rows)
    every = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    names = [words(str(name), 16) for name in arrays["channels"]] or [str(c + 1) for c in range(channels)]
    limit = symmetric(kernel)
    image: Any = None
    every[0].xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=1))
    for axes in every[count:]:
        axes.set_visible(False)
    for axes, weights in zip(every, kernel, strict=False):
        if channels <= _LINES:
            calm(axes)
            for channel in range(channels):
                axes.plot(range(1, steps + 1), weights[:, channel], color=COLOURS[channel], marker=".", linewidth=1.2)
            axes.axhline(0, color="#767676", linewidth=0.6)
        else:
            bare(axes)
            extent = (0.5, steps + 0.5, channels + 0.5, 0.5)
            image = axes.imshow(
                weights.T,
                aspect="auto",
                cmap=DIVERGING,
                vmin=-limit,
                vmax=limit,
                extent=extent,
                interpolation="nearest",
            )
    title = _title(arrays, count, _STEPS[language].format(length=steps), language)
    figure.suptitle(title, fontsize=10, fontweight="bold")
    figure.supxlabel(_STEP[language], fontsize=9)
    if channels <= _LINES:
        figure.supylabel(_WEIGHT[language], fontsize=9)
        if channels > 1:
            figure.legend(every[0].lines[:channels], names, frameon=False, fontsize=8, loc="outside right upper")
    else:
        figure.supylabel(f"{_CHANNEL[language]} (1–{channels})", fontsize=9)
        colour_bar(figure, image, list(every[:count]), _WEIGHT[language], aspect=30)
    return figure


EXPLANATION = Explanation(
    "filters",
    Text(en="The filters of the first layer", zh="第一层的滤波器"),
    Text(
        en="A convolutional network is a stack of filters. Each filter of the first layer is a small pattern that "
        "slides over the input and answers strongly wherever it finds its like. Look for order: edges (one side "
        "light, the other dark), lines, spots, rises and falls. Filters that look like mere noise, or all alike, "
        "have learned little.",
        zh="卷积网络是一叠滤波器。第一层的每个滤波器都是一个小图案，它在输入上滑动，遇到与自己相似的地方就给出强烈的响应。"
        "请留意其中的规律：边缘（一侧亮、一侧暗）、线条、斑点、上升与下降。若滤波器看上去像噪声，或彼此雷同，说明学到的很少。",
    ),
    measure,
    draw,
)
