"""Feature maps: one real picture, and what each convolution layer makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.explain.learned.canvas import (
    DIVERGING,
    SEQUENTIAL,
    calm,
    colour_bar,
    empty_figure,
    named,
    sample_line,
    symmetric,
    words,
)
from trainwell.explain.learned.convolutions import (
    feature_maps,
    picture_of,
    shrunk,
    side_by_side,
    time_runs_down,
    upright,
)
from trainwell.explain.learned.example import Example, batched
from trainwell.explain.learned.explanation import Arrays, Explanation
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LAYERS, _MAPS, _SIDE, _PICTURE_SIDE = 6, 8, 64, 160

_LAYER = Text(en="{layer}: {shown} of {count} maps of {size}", zh="{layer}：{count} 张 {size} 特征图中的 {shown} 张")
_GIVEN = Text(en="What the network sees", zh="网络看到的输入")
_ANSWER = Text(en="response", zh="响应")
_BRIGHTNESS = Text(en="brightness", zh="亮度")
_DECIBELS = Text(en="loudness (dB)", zh="响度（dB）")
_TIME = Text(en="time (seconds)", zh="时间（秒）")
_FRAMES = Text(en="time (frames)", zh="时间（帧）")
_PITCH = Text(en="frequency (Hz, mel scale)", zh="频率（Hz，梅尔刻度）")
_ROW, _COLUMN = Text(en="row (pixel)", zh="行（像素）"), Text(en="column (pixel)", zh="列（像素）")


def measure(model: Any, examples: tuple[Example, ...]) -> Arrays | None:
    """The first example, and for up to six layers the eight maps that vary most over the picture.

    Varying (standard deviation over the places) is what tells places apart; a map with a high but even response says
    nothing of this picture.
    """
    batch = batched(model, examples[:1])
    made, sound = feature_maps(model, batch.x)
    # A filter of one place mixes channels and sees no pattern: shortcuts and bottlenecks are left out.
    made = [one for one in made if max(one.layer.kernel_size) > 1] or made
    if not made:
        return None
    shown = examples[0]
    picture = picture_of(shown, made[0], sound)
    turned = time_runs_down(made[0], sound)
    chosen = sorted(set(np.linspace(0, len(made) - 1, min(len(made), _LAYERS)).round().astype(int).tolist()))
    arrays: dict[str, Any] = {
        "picture": shrunk(picture, _PICTURE_SIDE).astype(np.float32),
        "size": np.array(picture.shape[:2]),
        "hertz": np.array(sound.hertz if sound else (), np.float32),
        "duration": np.array(batch.x.shape[1] * shown.seconds_per_step if shown.seconds_per_step and sound else np.nan),
        "label": np.array(shown.label),
        "answer": np.array(shown.answer),
    }
    for place, which in enumerate(chosen):
        values = upright(made[which].values, turned=turned)
        spread = values.std(axis=(0, 1))
        kept = np.argsort(-spread, kind="stable")[:_MAPS]
        small = np.stack([shrunk(values[..., k], _SIDE) for k in kept])
        arrays[f"maps_{place}"] = np.clip(small, -60000, 60000).astype(np.float16)  # float16 ends at 65504
        arrays[f"shape_{place}"] = np.array([*values.shape])
        arrays[f"layer_{place}"] = np.array(str(made[which].layer.name))
    return arrays


def draw(arrays: Arrays, language: Language) -> Figure:
    """The picture on top, below it a row of maps for each layer with its own scale of colours."""
    sound = len(arrays["hertz"]) > 0
    places = [place for place in range(_LAYERS) if f"maps_{place}" in arrays]
    height, width = (int(n) for n in arrays["size"])
    wide = width > 2 * height
    columns = 4 if wide else 8
    ratio = min(max(height / width, 0.2), 2.0)
    row = (_MAPS // columns) * 4.9 / columns * ratio + 0.35
    top = 2.1
    figure = empty_figure(top + row * len(places))
    grid = figure.add_gridspec(1 + len(places), 1, height_ratios=[top, *[row] * len(places)])
    seen = grid[0] if wide or sound else grid[0].subgridspec(1, 2)[0]
    axes = calm(figure.add_subplot(seen), grid=False)
    _draw_picture(figure, axes, arrays, language, sound=sound)
    for place in places:
        axes = calm(figure.add_subplot(grid[1 + place]), grid=False)
        maps = np.asarray(arrays[f"maps_{place}"], np.float32)
        _draw_maps(figure, axes, maps[:, ::-1] if sound else maps, columns, language)
        tall, broad, count = (int(n) for n in arrays[f"shape_{place}"])
        layer, size = words(str(arrays[f"layer_{place}"])), f"{tall} × {broad}"
        title = _LAYER[language].format(layer=layer, shown=len(maps), count=count, size=size)
        named(axes, title, size=9)
    return figure


def _draw_picture(figure: Figure, axes: Any, arrays: Arrays, language: Language, *, sound: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    picture = arrays["picture"]
    height, width = (int(n) for n in arrays["size"])
    title = "\n".join(part for part in (_GIVEN[language], sample_line(arrays, language)) if part)
    if not sound:
        extent = (0.5, width + 0.5, height + 0.5, 0.5)
        image = axes.imshow(picture, cmap="gray", extent=extent, interpolation="nearest")
        named(axes, title, _COLUMN[language], _ROW[language], size=9)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        if picture.ndim == 2:
            colour_bar(figure, image, axes, _BRIGHTNESS[language], aspect=10)
        return
    duration = float(arrays["duration"])
    end = duration if np.isfinite(duration) else width
    image = axes.imshow(
        picture, cmap="magma", aspect="auto", origin="lower", extent=(0, end, 0, 1), interpolation="nearest"
    )
    named(axes, title, (_TIME if np.isfinite(duration) else _FRAMES)[language], _PITCH[language], size=9)
    low, high = (_mel(np.array(float(f))) for f in arrays["hertz"])
    ticks = [f for f in (125, 250, 500, 1000, 2000, 4000, 8000) if low < _mel(np.array(f)) < high]
    axes.set_yticks([float((_mel(np.array(f)) - low) / (high - low)) for f in ticks], [f"{f:,}" for f in ticks])
    colour_bar(figure, image, axes, _DECIBELS[language], aspect=10)


def _draw_maps(figure: Figure, axes: Any, maps: npt.NDArray[np.float32], columns: int, language: Language) -> None:
    limit = symmetric(maps)
    signed = float(maps.min()) < 0
    colours, low = (DIVERGING, -limit) if signed else (SEQUENTIAL, 0.0)
    together = side_by_side(maps, columns)
    image = axes.imshow(together, cmap=colours, vmin=low, vmax=limit, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    bar = colour_bar(figure, image, axes, _ANSWER[language], aspect=8, fraction=0.03)
    bar.set_ticks([low, limit], labels=[f"{tick:.2g}".replace("-", "−") for tick in (low, limit)])


def _mel(hertz: npt.NDArray[Any]) -> float:
    """The mel scale of Keras's MelSpectrogram (O'Shaughnessy 1987)."""
    return float(2595 * np.log10(1 + hertz / 700))


EXPLANATION = Explanation(
    "feature_maps",
    Text(en="What the layers see in a picture", zh="各层从图片中看到了什么"),
    Text(
        en="Here one real input goes through the stack of filters. Each small map shows where in the picture one "
        "filter answers: the farther its colour from that of 0, the stronger. Look from top to bottom: the first "
        "layers still trace edges and strokes of the picture itself, deeper ones answer to larger patterns, in "
        "fewer and coarser places. A layer whose maps are all empty passes nothing on.",
        zh="这里展示一个真实输入如何穿过一叠滤波器。每张小图表示某个滤波器在图片的哪些位置有响应："
        "颜色离 0 越远，响应越强。"
        "请从上往下看：前面的层仍在勾勒图片本身的边缘与笔画，更深的层则对更大的图案作出响应，位置更少、更粗略。"
        "若某一层的图全是空的，说明它没有把任何信息传下去。",
    ),
    measure,
    draw,
)
