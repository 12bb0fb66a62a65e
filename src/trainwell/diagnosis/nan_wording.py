"""The origin of a NaN in words: what broke, where, in which samples, and how."""

from __future__ import annotations

from collections.abc import Mapping

from trainwell.blueprint.nan_origin import NanCause, NanOrigin
from trainwell.diagnosis.wording import number
from trainwell.locales import Text

SHOWN_SAMPLES = 5

_STEP = Text(en="In step {step} (epoch {epoch})", zh="第 {step} 步（第 {epoch} 轮）")
_DIRECTIONS = {
    "forward": Text(en="in the forward pass", zh="前向传播时"),
    "backward": Text(en="in the backward pass", zh="反向传播时"),
    "update": Text(en="when the optimizer changed the weights", zh="优化器更新权重时"),
}
_GIVEN: Mapping[str, Text] = {
    "input": Text(en="the inputs (x) held {value}", zh="输入（x）中出现{value}"),
    "target": Text(en="the targets (y) held {value}", zh="目标（y）中出现{value}"),
    "sample_weight": Text(en="the sample weights held {value}", zh="样本权重中出现{value}"),
    "constant": Text(en="a constant of the network held {value}", zh="网络的一个常量中出现{value}"),
    "optimizer": Text(en="the optimizer's memory held {value}", zh="优化器的内部状态中出现{value}"),
}
_COMPUTED: Mapping[str, Text] = {
    "output": Text(en="the output{of} became {value}", zh="{of}输出变为{value}"),
    "loss": Text(
        en="the loss became {value} (the output of the network was finite)",
        zh="损失变为{value}（网络的输出仍是有限值）",
    ),
    "gradient": Text(
        en="the gradient{of} became {value} (the loss was finite)", zh="{of}梯度变为{value}（损失仍是有限值）"
    ),
    "weight": Text(
        en="weights{of} became {value} (the gradient was finite)", zh="{of}权重变为{value}（梯度仍是有限值）"
    ),
    "unknown": Text(en="a value{of} became {value}", zh="{of}某个值变为{value}"),
}
_OF = Text(en=" of layer {layer}", zh="层 {layer} 的")
_BROKEN_WEIGHTS = Text(en="the weights held {value} before the step", zh="此步之前权重中已有{value}")
_NOTHING = Text(en="", zh="")
_VALUES = {"nan": Text(en="NaN", zh="NaN"), "inf": Text(en="infinite", zh="无穷大")}
_HELD = {"nan": Text(en="NaN", zh="NaN"), "inf": Text(en="an infinite value", zh="无穷值")}
_READ_BY = Text(en=", read first by layer {layer}", zh="，最先读到它的是层 {layer}")
_TIME = Text(
    en=", time step {time_step} of the sequence (counted from 0)", zh="，序列的第 {time_step} 个时间步（从 0 数起）"
)
_HOW: Mapping[NanCause, Text] = {
    "overflow": Text(
        en="{operation} overflowed, as it was given numbers up to {largest}, and {dtype} holds none above {limit}",
        zh="运算 {operation} 溢出，其输入最大为 {largest}，而 {dtype} 最大只能表示 {limit}",
    ),
    "too_large_steps": Text(
        en="the steps were too large: the largest weight was {largest_weight}",
        zh="步幅过大：最大的权重已达 {largest_weight}",
    ),
    "log_of_zero": Text(en="a logarithm was taken of zero or of a negative number", zh="对零或负数取了对数"),
    "division": Text(en="something was divided by zero", zh="除数为零"),
    "root_of_zero": Text(
        en="a root was taken where its slope is infinite (at zero) or of a negative number",
        zh="在零处（斜率为无穷）或对负数开了方",
    ),
    "out_of_domain": Text(
        en="{operation} was given a number that it is not defined for", zh="运算 {operation} 的输入超出了其定义域"
    ),
    "infinite_constant": Text(
        en="an infinity that the network contains on purpose, as in a mask, met another one ({operation})",
        zh="网络中有意放入的无穷（例如掩码）与另一个无穷相遇（{operation}）",
    ),
}
_SAMPLE = Text(
    en="sample {samples} of the training data (row {rows} of the batch)",
    zh="训练数据中的第 {samples} 号样本（批次中第 {rows} 行）",
)
_SAMPLES = Text(
    en="{affected} of {batch_size} samples of the batch, in the training data: {samples} (rows {rows})",
    zh="批次 {batch_size} 个样本中的 {affected} 个，训练数据编号：{samples}（批次中第 {rows} 行）",
)
_ROW = Text(en="row {rows} of the batch", zh="批次中第 {rows} 行的样本")
_ROWS = Text(
    en="{affected} of {batch_size} samples of the batch: rows {rows}",
    zh="批次 {batch_size} 个样本中的 {affected} 个：第 {rows} 行",
)
_ALL = Text(en="all {batch_size} samples of the batch", zh="批次的全部 {batch_size} 个样本")
_CONCERNED = Text(en=" It concerns {samples}, counted from 0.", zh="涉及{samples}，编号均从 0 数起。")
_CONCERNED_ALL = Text(en=" It concerns {samples}.", zh="涉及{samples}。")
_LAST_GOOD = Text(
    en=" The weights from before this step are kept: model.load_weights({file!r}) in the run's folder.",
    zh="此步之前的权重已保存：在运行文件夹中执行 model.load_weights({file!r})。",
)


def origin_text(origin: NanOrigin) -> Text:
    """The whole story in a few sentences."""
    head = _join(_STEP.format(step=origin.step, epoch=origin.epoch), _DIRECTIONS[origin.direction], ", ", "，")
    what = _join(head, _what(origin), ", ", "，")
    how = _HOW.get(origin.cause)
    if how is not None:
        what = _join(what, _filled(how, origin), ": ", "：")
    return _join(_join(_join(what, Text(en=".", zh="。")), _samples(origin)), _kept(origin))


def _what(origin: NanOrigin) -> Text:
    given = origin.operation == "" and (origin.tensor in _GIVEN or origin.cause == "bad_weights")
    if given:
        said = _GIVEN.get(origin.tensor, _BROKEN_WEIGHTS).format(value=_HELD[origin.value])
        if origin.layer is not None:
            said = _join(said, _READ_BY.format(layer=origin.layer))
    else:
        of = _OF.format(layer=origin.layer) if origin.layer is not None else _NOTHING
        said = _COMPUTED.get(origin.tensor, _COMPUTED["unknown"]).format(value=_VALUES[origin.value], of=of)
    if origin.time_step is not None:
        said = _join(said, _TIME.format(time_step=origin.time_step))
    return said


def _filled(how: Text, origin: NanOrigin) -> Text:
    return how.format(
        operation=origin.operation,
        dtype=origin.dtype,
        largest="?" if origin.largest is None else number(origin.largest),
        limit="?" if origin.limit is None else number(origin.limit),
        largest_weight="?" if origin.largest_weight is None else number(origin.largest_weight),
    )


def _samples(origin: NanOrigin) -> Text:
    if not origin.affected:
        return _NOTHING
    if origin.affected == origin.batch_size > 1:
        return _CONCERNED_ALL.format(samples=_ALL.format(batch_size=origin.batch_size))
    one = origin.affected == 1
    known = (_SAMPLE if one else _SAMPLES) if origin.samples else (_ROW if one else _ROWS)
    named = known.format(
        affected=origin.affected,
        batch_size=origin.batch_size,
        samples=_numbers(origin.samples, origin.affected),
        rows=_numbers(origin.rows, origin.affected),
    )
    return _CONCERNED.format(samples=named)


def _numbers(values: tuple[int, ...], of: int) -> str:
    shown = [str(value) for value in values[:SHOWN_SAMPLES]]
    return ", ".join(shown if of <= SHOWN_SAMPLES else [*shown, "..."])


def _kept(origin: NanOrigin) -> Text:
    if origin.last_good is None:
        return _NOTHING
    return Text(en=_LAST_GOOD.en.format(file=origin.last_good), zh=_LAST_GOOD.zh.format(file=origin.last_good))


def _join(first: Text, second: Text, en: str = "", zh: str = "") -> Text:
    return Text(en=f"{first.en}{en}{second.en}", zh=f"{first.zh}{zh}{second.zh}")
