"""From a source that was read to a `Dataset`: checks, split, scaling and notes, the same for every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trainwell.data.dataset import NUMERIC, Array, Dataset, Kind, Note, Split, Task
from trainwell.data.formats import InputFormat
from trainwell.data.inputs import as_array, as_inputs
from trainwell.data.named_test import named_test_part
from trainwell.data.quality import class_notes, leak_notes
from trainwell.data.raw import Fitted, Options, Part, Raw
from trainwell.data.scaling import Scaling
from trainwell.data.split import check_class_counts, split_plain, split_stratified
from trainwell.data.targets import Targets, interpret
from trainwell.errors import DataError, SettingError
from trainwell.locales import Text


def assemble(raw: Raw, options: Options) -> Dataset:
    """Check, split, encode and measure.

    Raises:
        DataError: whatever is wrong with the samples.
        SettingError: no test part in the source and none asked for.
    """
    raw = named_test_part(raw, options)
    _check_asked(raw, options)
    shares = _shares(raw, options)
    kind = options.kind or raw.kind
    train_x, kind = _inputs(raw.train, kind, raw, "train")
    if raw.fit is None:
        _check_size(train_x, options)
    targets = _targets(raw, options)
    train = _Labelled(train_x, _encoded(targets, raw.train, "train", raw), raw.train.names)
    own = {
        name: _held_out(part, name, kind, targets, train, raw)
        for name, part in (("validation", raw.validation), ("test", raw.test))
        if part is not None
    }
    train, validation, test = _split(train, own, targets, shares, options.seed)
    fitted = raw.fit(train.x, options) if raw.fit else None
    parts = [_finished(part, fitted, targets.task) for part in (train, validation, test)]
    split_note = raw.split_note or _split_note(own, shares, parts, targets, options).text
    numeric = targets.task in NUMERIC
    dataset = Dataset(
        name=options.name or raw.name,
        kind=kind,
        task=targets.task,
        train=parts[0],
        validation=parts[1],
        test=parts[2],
        class_names=targets.class_names,
        scaling=(fitted.scaling if fitted else None) or Scaling.fit(parts[0].x),
        target_scaling=Scaling.fit(parts[0].y) if numeric else None,
        notes=(*raw.notes, *targets.notes, Note("info", split_note), *(fitted.notes if fitted else ())),
        source=raw.source,
        column_names=fitted.column_names if fitted else _column_names(raw, parts[0]),
        format=fitted.format if fitted else _image_format(kind, parts[0]),
        target_names=raw.target_names,
        baselines=raw.baselines,
        baseline_titles=raw.baseline_titles,
    )
    own_test = "test" in own and raw.split_note is None and options.test_names is None
    return _with_notes(dataset, _quality(dataset, given=own_test))


@dataclass(frozen=True, eq=False)
class _Labelled:
    """Samples, arrays or raw ones, with encoded targets; None where targets follow from the samples."""

    x: Any
    y: Array | None
    names: tuple[str, ...] | None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, places: Any) -> _Labelled:
        """The samples at these places."""
        names = None if self.names is None else tuple(self.names[i] for i in places.tolist())
        x = self.x[places] if isinstance(self.x, np.ndarray) else self.x.take(places)
        return _Labelled(x, None if self.y is None else self.y[places], names)


def _image_format(kind: Kind, train: Split) -> InputFormat | None:
    """Arrays of pictures are read again as pictures; other arrays need no format."""
    from trainwell.data.formats.image import ImageFormat

    return ImageFormat(*train.x.shape[1:]) if kind == "image" else None


def _targets(raw: Raw, options: Options) -> Targets:
    if raw.task == "language_model":
        return Targets("language_model")
    if raw.task == "forecasting":
        return Targets("forecasting")
    return interpret(
        raw.train.y,
        task=options.task or raw.task,
        class_names=() if options.task == "regression" else _class_names(raw, options),
        what=_what("y", "train", raw),
    )


def _encoded(targets: Targets, part: Part, name: str, raw: Raw) -> Array | None:
    return None if targets.task == "language_model" else targets.encode(part.y, _what("y", name, raw))


def _finished(part: _Labelled, fitted: Fitted | None, task: str) -> Split:
    """Raw samples become arrays; a language model's targets are its inputs, one step ahead."""
    x = part.x
    if fitted is not None:
        x = fitted.format.encode(x)
    if task == "language_model":
        return Split(np.ascontiguousarray(x[:, :-1]), np.ascontiguousarray(x[:, 1:]), None)
    return Split(x, part.y if part.y is not None else np.zeros(0, np.float32), part.names)


def _check_asked(raw: Raw, options: Options) -> None:
    """Refuse a kind or a task that the source cannot be: nothing that was asked for is passed over in silence."""
    if raw.fit is not None and raw.kind and options.kind not in (None, raw.kind):
        raise SettingError(
            Text(
                en=f"kind={options.kind!r}, but {raw.source!r} holds {raw.kind} data; leave kind out",
                zh=f"kind={options.kind!r}，但 {raw.source!r} 是 {raw.kind} 类数据；请去掉 kind",
            )
        )
    own: tuple[Task, ...] = ("forecasting", "language_model")  # the source itself must be read for these
    if options.task not in (None, raw.task) and (options.task in own or raw.task in own):
        is_what = raw.task or "none of these"
        raise SettingError(
            Text(
                en=f"task={options.task!r} cannot be done with {raw.source!r} as it was read ({is_what}); forecasting "
                "needs a table with a time column (time=), a language model a text file or a table of texts",
                zh=f"{raw.source!r} 不能用于 task={options.task!r}（读取为 {raw.task or '其他任务'}）；"
                "时间序列预测需要带时间列的表格（time=），语言模型需要文本文件或文本表格",
            )
        )


def _shares(raw: Raw, options: Options) -> tuple[float, float]:
    """What is split off for validation and test: nothing where the source has its own part."""
    if raw.test is None and options.test == 0:
        raise SettingError(
            Text(
                en="test=0, but the data have no test part of their own; give a share above 0, such as test=0.2",
                zh="test=0，但数据本身没有测试部分；请给出大于 0 的比例，例如 test=0.2",
            )
        )
    return (0.0 if raw.validation else options.validation), (0.0 if raw.test else options.test)


def _check_size(x: Array, options: Options) -> None:
    if options.image_size and x.shape[1:3] != options.image_size:
        raise SettingError(
            Text(
                en=f"image_size={options.image_size}, but these samples have the shape {x.shape[1:]}; only images from "
                "a folder are resized, leave image_size out",
                zh=f"image_size={options.image_size}，但样本形状为 {x.shape[1:]}；"
                "只有文件夹中的图像会被缩放，请去掉 image_size",
            )
        )


def _what(axis: str, part: str, raw: Raw) -> Text:
    """How to call x or y of a part: with the part's name only if the source has parts."""
    name = f"{axis}_{part}" if raw.test or raw.validation else axis
    return Text(en=name, zh=name)


def _inputs(part: Part, kind: Kind | None, raw: Raw, name: str) -> tuple[Any, Kind]:
    """Inputs of a part, checked: an array, or raw samples where a format will make an array of them."""
    what, y_what = _what("x", name, raw), _what("y", name, raw)
    x = part.x if raw.fit is not None else as_array(part.x, what)
    if raw.task != "language_model":
        y = as_array(part.y, y_what)
        if len(x) != len(y):
            raise DataError(
                Text(
                    en=f"{what.en} has {len(x):,} samples and {y_what.en} has {len(y):,}; give one target for each "
                    "sample",
                    zh=f"{what.zh} 有 {len(x):,} 个样本，而 {y_what.zh} 有 {len(y):,} 个；请为每个样本提供一个目标",
                )
            )
    if raw.fit is not None:
        return x, kind or "table"
    return as_inputs(x, kind, what)


def _class_names(raw: Raw, options: Options) -> tuple[str, ...]:
    names = options.class_names or raw.class_names
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice or (names and len(names) < 2):
        shown = ", ".join(twice or names)
        raise DataError(
            Text(
                en=f"the class names must be at least two and all different, given {len(names)}: look at {shown}",
                zh=f"类别名至少要有两个且互不相同，现有 {len(names)} 个：请检查 {shown}",
            )
        )
    return names


def _held_out(part: Part, name: str, kind: Kind, targets: Targets, train: _Labelled, raw: Raw) -> _Labelled:
    """The source's own test or validation part, which must look like its training part."""
    what = _what("x", name, raw)
    x, _ = _inputs(part, kind, raw, name)
    if raw.fit is None:
        _check_alike(x, train.x, what)
    y_what = _what("y", name, raw)
    y = _encoded(targets, part, name, raw)
    if y is None or train.y is None:
        return _Labelled(x, y, part.names)
    if targets.task in NUMERIC and y.shape[1] != train.y.shape[1]:
        raise DataError(
            Text(
                en=f"{y_what.en} has {y.shape[1]} numbers per sample, for training there are {train.y.shape[1]}",
                zh=f"{y_what.zh} 每个样本有 {y.shape[1]} 个数值，而训练部分有 {train.y.shape[1]} 个",
            )
        )
    classes = targets.task in ("binary", "multiclass")
    unseen = sorted(set(y.tolist()) - set(train.y.tolist())) if classes else []
    if unseen:
        label = targets.class_names[unseen[0]]
        raise DataError(
            Text(
                en=f"{y_what.en} has the class {label!r}, of which there is no training sample; it cannot be learned",
                zh=f"{y_what.zh} 中有类别 {label!r}，但训练部分没有该类别的样本，无法学习",
            )
        )
    return _Labelled(x, y, part.names)


def _check_alike(x: Array, train_x: Array, what: Text) -> None:
    """Arrays of another part have the shape and type of those for training."""
    if x.shape[1:] != train_x.shape[1:]:
        raise DataError(
            Text(
                en=f"{what.en} has samples of shape {x.shape[1:]}, those for training have {train_x.shape[1:]}; "
                "give all the same shape",
                zh=f"{what.zh} 的样本形状为 {x.shape[1:]}，而训练样本为 {train_x.shape[1:]}；请使形状一致",
            )
        )
    if x.dtype != train_x.dtype:
        raise DataError(
            Text(
                en=f"{what.en} is {x.dtype}, the training part is {train_x.dtype}; their ranges may differ, give both "
                "the same type",
                zh=f"{what.zh} 的类型是 {x.dtype}，而训练部分是 {train_x.dtype}；数值范围可能不同，请使两者类型一致",
            )
        )


def _split(
    train: _Labelled, own: dict[str, _Labelled], targets: Targets, shares: tuple[float, float], seed: int
) -> tuple[_Labelled, _Labelled, _Labelled]:
    validation, test = shares
    if targets.task in ("binary", "multiclass") and train.y is not None:
        counts = np.bincount(train.y, minlength=len(targets.class_names)).tolist()
        present = {n: c for n, c in zip(targets.class_names, counts, strict=True) if c}
        check_class_counts(present, validation=validation, test=test)
        places = split_stratified(train.y, validation=validation, test=test, seed=seed)
    else:
        places = split_plain(len(train), validation=validation, test=test, seed=seed)
    parts = [train.take(p) for p in places]
    return parts[0], own.get("validation", parts[1]), own.get("test", parts[2])


def _split_note(
    own: Mapping[str, object], shares: tuple[float, float], parts: Sequence[Split], targets: Targets, options: Options
) -> Note:
    train, validation, test = (f"{len(p):,}" for p in parts)
    by_class = targets.task in ("binary", "multiclass")
    cut = [(Text(en="validation", zh="验证"), shares[0]), (Text(en="test", zh="测试"), shares[1])]
    cut = [(name, share) for name, share in cut if share]
    en = f"Split: {train} for training, {validation} for validation, {test} for test"
    zh = f"划分：训练 {train}，验证 {validation}，测试 {test}"
    if options.test_names:
        en += f"; the test samples are those called {options.test_names}"
        zh += f"；测试样本为名称符合 {options.test_names} 的样本"
    elif own:
        en += f"; {' and '.join(own)} as the source has {'it' if len(own) == 1 else 'them'}"
        zh += "；" + "和".join({"validation": "验证", "test": "测试"}[n] for n in own) + "部分来自数据源本身"
    if cut:
        en += "; " + " and ".join(f"{100 * s:g}% for {n.en}" for n, s in cut) + " taken at random from "
        en += (
            ("the training part" if own else "all samples")
            + (", class by class" if by_class else "")
            + f", seed {options.seed}"
        )
        zh += "；" + "、".join(f"{n.zh} {100 * s:g}%" for n, s in cut) + (" 从训练部分" if own else " 从全部数据")
        zh += ("按类别" if by_class else "") + f"随机抽取，种子 {options.seed}"
    return Note("info", Text(en=en + ".", zh=zh + "。"))


def _column_names(raw: Raw, train: Split) -> tuple[str, ...]:
    if raw.column_names and len(raw.column_names) != train.x.shape[-1]:
        raise DataError(
            Text(
                en=f"there are {len(raw.column_names)} column names for {train.x.shape[-1]} columns; give one each",
                zh=f"有 {len(raw.column_names)} 个列名，却有 {train.x.shape[-1]} 列；请每列给一个名称",
            )
        )
    return raw.column_names


def _quality(dataset: Dataset, *, given: bool) -> tuple[Note, ...]:
    if dataset.task in ("forecasting", "language_model"):  # neighbouring windows share steps and are still apart
        return ()
    notes = leak_notes(dataset.train, dataset.test, given=given)
    if not dataset.class_names:
        return notes
    counts = [dataset.class_counts(part) for part in dataset.parts]
    total = {name: sum(c[name] for c in counts) for name in dataset.class_names}
    return notes + class_notes({n: c for n, c in total.items() if c}, counts[0])


def _with_notes(dataset: Dataset, notes: tuple[Note, ...]) -> Dataset:
    return replace(dataset, notes=(*dataset.notes, *notes))
