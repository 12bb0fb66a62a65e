"""A data set in words, as a person wants to read it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from trainwell.data.dataset import NUMERIC
from trainwell.data.padding import STEP, TOKEN
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from trainwell.data.dataset import Dataset
    from trainwell.data.scaling import Scaling

_CLASSES = 20  # so many classes or columns are named
_CHANNELS = 3  # up to so many are measured one by one
_TASKS = {
    "binary": Text(en="two classes", zh="二分类"),
    "multiclass": Text(en="{count} classes", zh="{count} 个类别"),
    "multilabel": Text(en="{count} labels, any number of them per sample", zh="{count} 个标签，每个样本可有任意多个"),
    "regression": Text(en="regression, {count} to predict", zh="回归，预测 {count}"),
    "forecasting": Text(en="forecast of the next {count}", zh="预测后续 {count}"),
    "language_model": Text(en="to be continued token by token", zh="逐个词元续写"),
}


def summarise(data: Dataset, language: Language) -> str:
    """Several lines: what the data are, the parts, the classes, the range and scaling, what to beat, and all notes."""
    lines = [_title(data), _parts(data)]
    if data.class_names:
        lines += _classes(data)
    if data.classifies:
        lines.append(_majority(data))
    if data.task == "language_model":
        lines.append(_uniform(data))
    lines += _baselines(data)
    if data.kind == "text":
        lines.append(_lengths(data))
    else:
        lines.append(_values(data))
    columns = tuple(column.name for column in getattr(data.format, "columns", ())) if data.kind == "table" else ()
    if columns or data.column_names:
        listed = _listed(columns or data.column_names)
        lines.append(Text(en="columns: {names}", zh="各列：{names}").format(names=listed))
    text = "\n  ".join(line[language] for line in lines)
    marks = {"info": "-", "warning": "!"}
    return "\n".join([text, *(f"  {marks[note.severity]} {note.text[language]}" for note in data.notes)])


def _title(data: Dataset) -> Text:
    count: int | Text = len(data.class_names)
    if data.task in NUMERIC:
        outputs = data.outputs
        count = Text(en=f"{outputs} number{'s' * (outputs != 1)}", zh=f"{outputs} 个数值")
        if data.task == "forecasting":
            count = Text(en=f"{outputs} value{'s' * (outputs != 1)}", zh=f"{outputs} 个值")
    what, task = _shape(data), _TASKS[data.task].format(count=count)
    return Text(en=f"{data.name}: {what.en}, {task.en}", zh=f"{data.name}：{what.zh}，{task.zh}")


def _shape(data: Dataset) -> Text:
    """What one sample is, with its size."""
    sides = data.input_shape
    shape = " x ".join(str(side) for side in sides)
    if data.kind == "image":
        return Text(
            en=f"images of {shape} (height x width x channels)",
            zh=f"图像，{shape.replace('x', '×')}（高 × 宽 × 通道）",
        )
    if data.kind == "sequence":
        return _sequences(data)
    if data.kind == "text":
        words = f"{data.vocabulary_size:,}"
        return Text(
            en=f"text, {sides[0]} tokens at a time out of a vocabulary of {words}",
            zh=f"文本，每次 {sides[0]} 个词元，词表 {words}",
        )
    if data.kind == "audio":
        rate = getattr(data.format, "sample_rate", None)
        if not rate:
            return Text(en=f"sound of {sides[0]:,} values", zh=f"声音，{sides[0]:,} 个采样值")
        seconds = f"{sides[0] / rate:.3g}"
        return Text(
            en=f"sound of up to {seconds} seconds at {rate:,} Hz", zh=f"声音，最长 {seconds} 秒，采样率 {rate:,} Hz"
        )
    return Text(en=f"table of {shape} columns", zh=f"表格，{shape} 列")


def _sequences(data: Dataset) -> Text:
    steps, channels = data.input_shape
    x = data.train.x
    real = ~(x == STEP).all(axis=2)
    lengths = real.sum(axis=1)
    low, high = (int(lengths.min()), int(lengths.max())) if len(lengths) else (steps, steps)
    width = Text(en=f"{channels} channel{'s' * (channels != 1)}", zh=f"{channels} 个通道")
    if low == high == steps:
        return Text(en=f"sequences of {steps} steps, {width.en}", zh=f"序列，{steps} 步，{width.zh}")
    return Text(
        en=f"sequences of {low} to {high} steps (unequal lengths), {width.en}",
        zh=f"序列，{low} 到 {high} 步（长度不等），{width.zh}",
    )


def _parts(data: Dataset) -> Text:
    if data.task == "language_model":
        train, validation, test = (f"{part.y.size:,}" for part in data.parts)
        return Text(
            en=f"tokens: {train} for training, {validation} for validation, {test} for test",
            zh=f"词元：训练 {train}，验证 {validation}，测试 {test}",
        )
    train, validation, test = (f"{len(part):,}" for part in data.parts)
    return Text(
        en=f"samples: {train} for training, {validation} for validation, {test} for test",
        zh=f"样本：训练 {train}，验证 {validation}，测试 {test}",
    )


def _classes(data: Dataset) -> list[Text]:
    counts = [data.class_counts(part) for part in data.parts]
    what = Text(en="labels", zh="标签") if data.task == "multilabel" else Text(en="classes", zh="类别")
    lines = [Text(en=f"{what.en} (training / validation / test):", zh=f"{what.zh}（训练 / 验证 / 测试）：")]
    for name in data.class_names[:_CLASSES]:
        numbers = " / ".join(f"{c[name]:,}" for c in counts)
        lines.append(Text(en=f"  {name}: {numbers}", zh=f"  {name}：{numbers}"))
    more = len(data.class_names) - _CLASSES
    if more > 0:
        lines.append(Text(en=f"  ... and {more} more", zh=f"  ……以及另外 {more} 个"))
    return lines


def _majority(data: Dataset) -> Text:
    counts = data.class_counts(data.train)
    name, share = max(counts, key=counts.__getitem__), f"{data.majority_share:.1%}"
    return Text(
        en=f"to beat: always saying {name!r} is right for {share} of the test samples",
        zh=f"基准：总是回答 {name!r}，在测试样本上的正确率为 {share}",
    )


def _uniform(data: Dataset) -> Text:
    size = data.vocabulary_size
    nats = f"{math.log(max(1, size)):.2f}"
    return Text(
        en=f"to beat: guessing every one of the {size:,} tokens alike has a loss of ln {size} = {nats} nats per token",
        zh=f"基准：对 {size:,} 个词元一视同仁地猜测，损失为每个词元 ln {size} = {nats} 奈特",
    )


def _baselines(data: Dataset) -> list[Text]:
    lines: list[Text] = []
    for name, metrics in data.baselines.items():
        title = data.baseline_titles.get(name, Text(en=name, zh=name))
        numbers = ", ".join(f"{metric} {value:.4g}" for metric, value in metrics.items())
        lines.append(Text(en=f"to beat: {title.en}, on test {numbers}", zh=f"基准：{title.zh}，测试部分 {numbers}"))
    return lines


def _lengths(data: Dataset) -> Text:
    """Tokens of the samples; all windows of a language model are full."""
    x = data.train.x
    if data.task == "language_model":
        count = f"{len(x):,}"
        return Text(
            en=f"windows: {count} for training, each of {x.shape[1]} tokens",
            zh=f"窗口：训练 {count} 个，每个 {x.shape[1]} 个词元",
        )
    lengths = (x != TOKEN).sum(axis=1)
    least, middle, most = int(lengths.min()), int(np.median(lengths)), int(lengths.max())
    return Text(
        en=f"tokens per text: {least} to {most}, half of the texts have at most {middle}",
        zh=f"每个文本的词元数：{least} 到 {most}，中位数 {middle}",
    )


def _values(data: Dataset) -> Text:
    x = data.train.x
    real = x[x != STEP] if data.kind == "sequence" else x
    low, high, dtype = f"{real.min():.4g}", f"{real.max():.4g}", x.dtype
    en, zh = f"values: {low} to {high} ({dtype})", f"取值：{low} 到 {high}（{dtype}）"
    if data.kind == "audio":
        return Text(en=en, zh=zh)
    en, zh = en + "; ", zh + "；"
    if len(data.scaling.mean) <= _CHANNELS:
        measured = _measured(data.scaling)
        en += f"scaled inside the model by the training part: {measured.en}"
        zh += f"在模型内按训练部分缩放：{measured.zh}"
    else:
        en += "each column is scaled inside the model by its mean and standard deviation in the training part"
        zh += "每一列在模型内按训练部分的均值和标准差缩放"
    if data.target_scaling:
        measured = _measured(data.target_scaling)
        en, zh = f"{en}; targets: {measured.en}", f"{zh}；目标：{measured.zh}"
    return Text(en=en, zh=zh)


def _measured(scaling: Scaling) -> Text:
    mean, std = ([f"{v:.4g}" for v in values[:_CHANNELS]] for values in (scaling.mean, scaling.std))
    more = ", ..." if len(scaling.mean) > _CHANNELS else ""
    en = f"mean {', '.join(mean)}{more}, standard deviation {', '.join(std)}{more}"
    return Text(en=en, zh=f"均值 {', '.join(mean)}{more}，标准差 {', '.join(std)}{more}")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_CLASSES]) + (", ..." if len(names) > _CLASSES else "")
