"""Gates of LSTM and GRU over the steps of one real example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.explain.learned.canvas import (
    SEQUENTIAL,
    calm,
    colour_bar,
    empty_figure,
    named,
    sample_line,
    step_axis,
    words,
)
from trainwell.explain.learned.example import Example, batched
from trainwell.explain.learned.explanation import Arrays, Explanation
from trainwell.explain.learned.recurrent import Direction, directions, gates, has_gates, recurrent_calls
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LAYERS, _STEPS, _NAMED, _UNITS = 3, 160, 40, 48

_GATE = {
    "input": Text(en="input gate: open = writes into memory", zh="输入门：打开 = 写入记忆"),
    "forget": Text(en="forget gate: open = keeps the memory", zh="遗忘门：打开 = 保留记忆"),
    "output": Text(en="output gate: open = shows the memory", zh="输出门：打开 = 输出记忆"),
    "update": Text(en="update gate: open = keeps the memory", zh="更新门：打开 = 保留记忆"),
    "reset": Text(en="reset gate: closed = starts afresh", zh="重置门：关闭 = 从头开始"),
}
_WAY = {
    "": Text(en="{name}", zh="{name}"),
    "forward": Text(en="{name}, first to last step", zh="{name}，从前向后"),
    "backward": Text(en="{name}, last to first step", zh="{name}，从后向前"),
}
_UNIT = Text(en="units (sorted)", zh="单元（已排序）")
_BAR = Text(en="gate (0 closed, 1 open)", zh="门（0 关闭，1 打开）")


def measure(model: Any, examples: tuple[Example, ...]) -> Arrays | None:
    """The gates of up to three layers, from the layer's own weights and what it is really given.

    Units are sorted by how far open their forget (LSTM) or update (GRU) gate is on average, the memory that lasts
    longest on top; of many units, evenly chosen ones are kept, of many steps the last ones. Layers that do not
    begin with an empty memory (an initial state, stateful) are left out.
    """
    shown = examples[0]
    batch = batched(model, (shown,))
    calls = [call for call in recurrent_calls(model, batch.x) if "begun" not in call.arrays]
    ways = [way for call in calls for way in directions(call) if has_gates(way.layer) and not way.layer.stateful]
    if not ways:
        return None
    arrays: dict[str, Any] = {}
    for place, way in enumerate(ways[:_LAYERS]):
        real = batch.real_steps(0, way.inputs.shape[1], way.mask)
        found = gates(way.layer, way.inputs[0, real[::-1] if way.backwards else real])
        values = found.values[:, ::-1] if way.backwards else found.values
        kept = np.argsort(-values[1 if found.names[0] == "input" else 0].mean(axis=0), kind="stable")
        kept = kept[np.linspace(0, len(kept) - 1, min(len(kept), _UNITS)).round().astype(int)]
        arrays[f"gates_{place}"] = values[:, :, kept].astype(np.float16)
        arrays[f"names_{place}"] = np.array(found.names)
        arrays[f"layer_{place}"] = np.array([way.name, _way(way)])
    steps = arrays["gates_0"].shape[1]
    named_steps = shown.steps if len(shown.steps) == steps else ()
    most = _NAMED if named_steps else _STEPS
    seconds = shown.seconds_per_step
    several = batch.x.shape[1] / ways[0].inputs.shape[1]
    return {
        **{name: values[:, -most:] if name.startswith("gates") else values for name, values in arrays.items()},
        "tokens": np.array(named_steps[-most:], np.str_),
        "first": np.array(max(0, steps - most)),
        "seconds": np.array(np.nan if seconds is None else seconds * several),
        "kind": np.array(shown.kind),
        "label": np.array(shown.label),
        "answer": np.array(shown.answer),
    }


def draw(arrays: Arrays, language: Language) -> Figure:
    """A map of units by steps for each gate, layer after layer; the steps run alike in all."""
    blocks = [(place, gate) for place in _places(arrays) for gate in range(len(arrays[f"names_{place}"]))]
    tall = 0.9 if len(arrays["tokens"]) else 0.5
    figure = empty_figure(1.25 * len(blocks) + tall)
    every = np.atleast_1d(figure.subplots(len(blocks), 1, sharex=True))
    image: Any = None
    for axes, (place, gate) in zip(every, blocks, strict=True):
        calm(axes, grid=False)
        values = np.asarray(arrays[f"gates_{place}"][gate], np.float32).T
        image = axes.imshow(values, aspect="auto", interpolation="none", cmap=SEQUENTIAL, vmin=0, vmax=1)
        name, way = (str(text) for text in arrays[f"layer_{place}"])
        title = _GATE[str(arrays[f"names_{place}"][gate])][language]
        if gate == 0:
            title = f"{_WAY[way][language].format(name=words(name))}\n{title}"
        named(axes, title, "", _UNIT[language] if gate == 0 else "", size=9)
        axes.set_yticks([])
        axes.tick_params(labelbottom=False)
    every[-1].tick_params(labelbottom=True)
    label = step_axis(every[-1].xaxis, arrays, language)
    line = sample_line(arrays, language)
    every[-1].set_xlabel(f"{label}\n{line}" if line else label, fontsize=9)
    colour_bar(figure, image, list(every), _BAR[language], aspect=40, fraction=0.03).set_ticks([0, 0.5, 1])
    return figure


def _places(arrays: Arrays) -> list[int]:
    return [place for place in range(_LAYERS) if f"gates_{place}" in arrays]


def _way(way: Direction) -> str:
    return "" if not way.bidirectional else "backward" if way.backwards else "forward"


EXPLANATION = Explanation(
    "gates",
    Text(en="The gates of the memory", zh="记忆的门"),
    Text(
        en="LSTM and GRU guard their chain of memory with gates, small valves between 0 (closed) and 1 (open) for "
        "each unit at each step. Rows are units, columns the steps of one real example. Rows that stay bright in "
        "the forget or update gate are long memories; a column that changes in many units is a step at which the "
        "network makes up its mind. Gates that are the same everywhere are hardly used.",
        zh="LSTM 与 GRU 用门来守护记忆的链条：每个单元在每一步都有一个介于 0（关闭）与 1（打开）之间的小阀门。"
        "每一行是一个单元，每一列是一个真实样本的一步。遗忘门或更新门中始终明亮的行是长期记忆；"
        "许多单元同时变化的列，是网络改变判断的时刻。处处相同的门则几乎没有被用到。",
    ),
    measure,
    draw,
)
