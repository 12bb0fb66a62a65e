"""Wrong input shape: the samples have another shape than the model takes.

What it sees. The shape of one sample against the model's input shape.

Why it hurts. No step is possible; Keras ends with an error that speaks of layers, not of the data.

When it stays silent. If the shapes agree, an axis of any length agrees with all, or the model names no input shape.

Thresholds. None: shapes agree or they do not.

Remedies. Named for the commonest cases: a missing or superfluous channel axis, channels first, flattened pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Evidence, Finding, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold, first_ones
from trainwell.locales import Text

AGREE = Threshold(
    name="agree",
    value=0,
    unit="",
    what=Text(en="Axes that do not agree with the model's input", zh="与模型输入不一致的轴数"),
    source=Text(en="the model's input shape", zh="模型的输入形状"),
)
Shape = tuple[int | None, ...]


def _check(facts: Facts) -> Sequence[Finding]:
    contract = facts.contract
    if contract is None or contract.expected_input is None:
        return ()
    wanted, given = contract.expected_input, contract.inputs.shape
    wrong = _wrong_axes(wanted, given)
    if not wrong:
        return ()
    code = _what(wanted, given)
    return (
        Finding(
            problem=PROBLEM.identifier,
            title=PROBLEM.title,
            severity="error",
            confidence=1.0,
            summary=Text(
                en=f"The model takes samples of shape {_written(wanted)}, the data have {_written(given)}.",
                zh=f"模型的输入形状为 {_written(wanted)}，而数据的样本形状为 {_written(given)}。",
            ),
            evidence=(Evidence(AGREE.what, float(wrong), ">", AGREE.value, AGREE.unit, AGREE.source),),
            causes=first_ones(PROBLEM.causes, code),
            remedies=first_ones(PROBLEM.remedies, code),
        ),
    )


def _wrong_axes(wanted: Shape, given: tuple[int, ...]) -> int:
    differing = sum(a is not None and a != b for a, b in zip(wanted, given, strict=False))
    return differing + abs(len(wanted) - len(given))


def _what(wanted: Shape, given: tuple[int, ...]) -> str:
    """The commonest case that would explain it; "other" for none."""
    if not _wrong_axes(wanted, (*given, 1)):
        return "no_channels"
    if given and not _wrong_axes(wanted, given[:-1]) and given[-1] == 1:
        return "one_channel_too_many"
    if len(given) > 1 and not _wrong_axes(wanted, (*given[1:], given[0])):
        return "channels_first"
    sizes = [size for size in wanted if size is not None]
    if len(sizes) == len(wanted) and prod(sizes) == prod(given):
        return "flattened"
    return "other"


def _written(shape: Shape) -> str:
    """A shape as Python writes it, "any" for an axis of any length."""
    named = ["any" if size is None else str(size) for size in shape]
    return f"({', '.join(named)}{',' if len(named) == 1 else ''})"


PROBLEM = Problem(
    identifier="wrong_input_shape",
    title=Text(en="Wrong input shape", zh="输入形状不对"),
    explanation=Text(
        en="The network is a lock made for one form of key: height, width and channels, or so many columns. A key of "
        "another form does not turn, however good it is.",
        zh="网络像一把只认一种形状钥匙的锁：高、宽、通道，或若干列。形状不同的钥匙再好也打不开。",
    ),
    needs=Needs(facts=("contract",)),
    thresholds=(AGREE,),
    causes=(
        Cause(
            "no_channels",
            Text(
                en="The samples lack the axis of channels (or of single numbers per step).",
                zh="样本缺少通道轴（或每步一个数值的轴）。",
            ),
            Text(en="x[..., None] has the model's shape.", zh="x[..., None] 的形状与模型一致。"),
        ),
        Cause(
            "one_channel_too_many",
            Text(en="The samples have an axis of length 1 too many.", zh="样本多出一个长度为 1 的轴。"),
            Text(en="x[..., 0] has the model's shape.", zh="x[..., 0] 的形状与模型一致。"),
        ),
        Cause(
            "channels_first",
            Text(en="The channels stand first, the model has them last.", zh="通道在最前，而模型要求在最后。"),
            Text(
                en="numpy.moveaxis(x, 1, -1) has the model's shape.", zh="numpy.moveaxis(x, 1, -1) 的形状与模型一致。"
            ),
        ),
        Cause(
            "flattened",
            Text(
                en="The samples are flattened and the model takes them as pictures or sequences, or the reverse.",
                zh="样本已被展平，而模型需要图像或序列；或者相反。",
            ),
            Text(en="Both shapes have the same number of values.", zh="两种形状的数值个数相同。"),
        ),
        Cause(
            "other",
            Text(en="The model was built for other data.", zh="模型是为其他数据构建的。"),
            Text(en="Its first layer names another input shape.", zh="它的第一层写的是另一种输入形状。"),
        ),
    ),
    remedies=(
        Remedy("no_channels", Text(en="Add the axis: x = x[..., None].", zh="补上这个轴：x = x[..., None]。")),
        Remedy("one_channel_too_many", Text(en="Remove the axis: x = x[..., 0].", zh="去掉这个轴：x = x[..., 0]。")),
        Remedy(
            "channels_first",
            Text(
                en="Put the channels last: x = numpy.moveaxis(x, 1, -1).",
                zh="把通道移到最后：x = numpy.moveaxis(x, 1, -1)。",
            ),
        ),
        Remedy(
            "flattened",
            Text(
                en="Reshape the samples, or begin the model with keras.layers.Reshape or Flatten.",
                zh="改变样本形状，或让模型以 keras.layers.Reshape 或 Flatten 开头。",
            ),
        ),
        Remedy(
            "other",
            Text(
                en="Build the model for these samples: keras.Input(x.shape[1:]).",
                zh="按这些样本构建模型：keras.Input(x.shape[1:])。",
            ),
        ),
    ),
    check=_check,
)
