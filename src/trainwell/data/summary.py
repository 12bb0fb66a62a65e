"""A data set in words, as a person wants to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from trainwell.data.dataset import Dataset
    from trainwell.data.scaling import Scaling

_CLASSES = 20  # so many classes or columns are named
_CHANNELS = 3  # up to so many are measured one by one
_TASKS = {
    "binary": Text(en="two classes", zh="二分类"),
    "multiclass": Text(en="{count} classes", zh="{count} 个类别"),
    "regression": Text(en="regression, {count} to predict", zh="回归，预测 {count}"),
}


def summarise(data: Dataset, language: Language) -> str:
    """Several lines: what the data are, the parts, the classes, the range and scaling, and all notes."""
    lines = [_title(data), _parts(data)]
    if data.task != "regression":
        lines += [*_classes(data), _majority(data)]
    lines.append(_values(data))
    if data.column_names:
        lines.append(Text(en="columns: {names}", zh="各列：{names}").format(names=_listed(data.column_names)))
    text = "\n  ".join(line[language] for line in lines)
    marks = {"info": "-", "warning": "!"}
    return "\n".join([text, *(f"  {marks[note.severity]} {note.text[language]}" for note in data.notes)])


def _title(data: Dataset) -> Text:
    shape = " x ".join(str(side) for side in data.input_shape)
    if data.kind == "image":
        what = Text(
            en=f"images of {shape} (height x width x channels)",
            zh=f"图像，{shape.replace('x', '×')}（高 × 宽 × 通道）",
        )
    else:
        what = Text(en=f"table of {shape} columns", zh=f"表格，{shape} 列")
    count: int | Text = data.outputs if data.task == "regression" else len(data.class_names)
    if data.task == "regression":
        count = Text(en=f"{count} number{'s' * (count != 1)}", zh=f"{count} 个数值")
    task = _TASKS[data.task].format(count=count)
    return Text(en=f"{data.name}: {what.en}, {task.en}", zh=f"{data.name}：{what.zh}，{task.zh}")


def _parts(data: Dataset) -> Text:
    train, validation, test = (f"{len(part):,}" for part in data.parts)
    return Text(
        en=f"samples: {train} for training, {validation} for validation, {test} for test",
        zh=f"样本：训练 {train}，验证 {validation}，测试 {test}",
    )


def _classes(data: Dataset) -> list[Text]:
    counts = [data.class_counts(part) for part in data.parts]
    lines = [Text(en="classes (training / validation / test):", zh="类别（训练 / 验证 / 测试）：")]
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


def _values(data: Dataset) -> Text:
    x = data.train.x
    low, high, dtype = f"{x.min():.4g}", f"{x.max():.4g}", x.dtype
    en, zh = f"values: {low} to {high} ({dtype}); ", f"取值：{low} 到 {high}（{dtype}）；"
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
