"""`load`: from whatever a person has to a `Dataset`."""

from __future__ import annotations

import codecs
import math
import os
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any, get_args

import numpy as np

from trainwell.data.assemble import assemble
from trainwell.data.dataset import Dataset, Kind, Task
from trainwell.data.files.images import unreadable
from trainwell.data.kinds import SourceKind, all_kinds
from trainwell.data.raw import Options, Progress
from trainwell.errors import FolderError, SettingError, UnknownNameError
from trainwell.locales import Text

_LARGEST_IMAGE_SIDE = 4096
TOKENS = ("byte_pair", "characters", "words")


def load(
    source: Any,
    y: Any = None,
    *,
    kind: Kind | None = None,
    task: Task | None = None,
    validation: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
    image_size: int | tuple[int, int] | None = None,
    strict: bool = False,
    class_names: Sequence[str] | None = None,
    name: str | None = None,
    progress: Progress | None = None,
    target: str | Sequence[str] | None = None,
    text: str | Sequence[str] | None = None,
    time: str | None = None,
    series: str | None = None,
    drop: str | Sequence[str] | None = None,
    window: int | None = None,
    horizon: int = 1,
    tokens: str | None = None,
    vocabulary: int | None = None,
    max_length: int | None = None,
    sample_rate: int | None = None,
    max_seconds: float | None = None,
    encoding: str | None = None,
    test_names: str | None = None,
) -> Dataset:
    """Load data, check them, split them and measure their scaling.

    Args:
        source: a built-in name ("digits", "iris", "wine", "breast_cancer", "diabetes"); a folder with one subfolder of
            images, sound or text files per class, or with train/ and test/ (or val/) inside; a flat folder of sound
            files named after their class; a zip of such; a table (.csv, .tsv, .jsonl, .parquet) of rows, texts,
            sequences or a series; a plain .txt file to learn to write; a folder of MNIST's idx files; a .npz file;
            inputs as an array; or (x_train, y_train). A folder called like a built-in name is given as "./digits".
        y: targets for inputs given as an array, or (x_test, y_test).
        kind: "image", "table", "sequence", "text" or "audio"; None to decide by the source.
        task: "binary", "multiclass", "multilabel", "regression", "forecasting" or "language_model"; None to decide by
            the source and the targets.
        validation: share of the samples kept for validation, 0 or more; not used if the source has its own.
        test: share of the samples kept for the test, above 0; not used if the source has its own. If the source has
            some part of its own, shares are shares of its training part.
        seed: fixes which samples go where, 0 or more.
        image_size: side, or (height, width), in pixels, for folders of images; None for the rule that a note states.
        strict: refuse damaged images instead of skipping them with a warning.
        class_names: names of the integer labels 0, 1, ...; or, for text labels and class folders, their order.
        name: what to call the data; None for the name of the source.
        progress: called with (samples read, all samples) while a folder is read.
        target: column to predict, or several; None to find it.
        text: column of the text, or several; None to find it.
        time: column of the time of a series; it makes the task forecasting.
        series: column that says to which sequence a row belongs, in a table with one row per step.
        drop: columns to leave out.
        window: forecasting: steps that are looked at, 1 or more; None for the rule that a note states.
        horizon: forecasting: steps that are predicted, 1 or more.
        tokens: how text is cut: "byte_pair", "characters" or "words"; None for the rule that a note states.
        vocabulary: largest number of different tokens, 2 or more; None for the rule that a note states.
        max_length: longest text in tokens or sequence in steps, 1 or more; what is behind is cut off.
        sample_rate: of sound in Hz; None for the commonest rate of the files, at most 16,000.
        max_seconds: longest sound, above 0; what is behind is cut off.
        encoding: of text files, such as "gb18030"; None to find out.
        test_names: pattern of file names, such as "*_[0-4].wav": samples whose name fits are the test part.

    Returns:
        The data set; `print` it for a summary, and look at its `notes`.

    Raises:
        UnknownNameError: a name that is neither built in nor a path.
        FolderError: a path that is missing, empty or cannot be read.
        DataError: data that cannot be learned from; the text says where and why.
        SettingError: an argument with a value that cannot work.

    >>> data = load("digits")
    >>> data.input_shape, data.outputs, len(data.test)
    ((8, 8, 1), 10, 359)
    """
    options = Options(
        y=y,
        kind=kind,
        task=task,
        validation=validation,
        test=test,
        seed=seed,
        image_size=_image_size(image_size),
        strict=strict,
        class_names=_names(class_names),
        name=name,
        progress=progress,
        target=_columns(target),
        text=_columns(text),
        time=time,
        series=series,
        drop=_columns(drop),
        window=window,
        horizon=horizon,
        tokens=tokens,
        vocabulary=vocabulary,
        max_length=max_length,
        sample_rate=sample_rate,
        max_seconds=max_seconds,
        encoding=encoding,
        test_names=test_names,
    )
    _check_options(options)
    return assemble(_reader(source, y).read(source, options), options)


def _reader(source: Any, y: Any) -> SourceKind:
    """The kind that reads this source."""
    kinds = all_kinds()
    named = isinstance(source, str | os.PathLike)
    if named and y is not None:
        raise SettingError(
            Text(
                en=f"targets were given beside the path or name {str(source)!r}, which brings its own; give only one",
                zh=f"路径或名称 {str(source)!r} 自带目标，不需要另外给出 y；请只给其一",
            )
        )
    try:
        found = None if named and not str(source) else next((kind for kind in kinds if kind.recognises(source)), None)
        exists = found is None and bool(str(source)) and Path(source).exists()
    except OSError as error:  # a name too long, a folder above that may not be entered
        raise unreadable(Path(source), error) from error
    if found:
        return found
    if exists:
        accepted = [kind.ACCEPTS for kind in kinds]
        raise FolderError(
            Text(
                en=f"{str(source)!r} is not data that can be read; accepted are: {'; '.join(a.en for a in accepted)}",
                zh=f"无法读取 {str(source)!r} 这种数据；可接受的有：{'；'.join(a.zh for a in accepted)}",
            )
        )
    if isinstance(source, str) and source and source == Path(source).name and not Path(source).suffix:
        known = [name for kind in kinds for name in kind.NAMES]
        raise UnknownNameError(
            Text(en="data set (and there is no such file or folder)", zh="数据集（也没有这个文件或文件夹）"),
            source,
            known,
        )
    raise FolderError(Text(en=f"there is no file or folder {str(source)!r}", zh=f"文件或文件夹 {str(source)!r} 不存在"))


def _check_options(options: Options) -> None:
    for what, value, allowed in (("kind", options.kind, get_args(Kind)), ("task", options.task, get_args(Task))):
        if value is not None and value not in allowed:
            raise UnknownNameError(
                Text(en=what, zh={"kind": "数据类型 kind", "task": "任务 task"}[what]), str(value), allowed
            )
    for what, share in (("validation", options.validation), ("test", options.test)):
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share < 1:
            raise _wrong(what, share, Text(en="a share, from 0 to below 1", zh="从 0 到 1（不含 1）的比例"))
    total = options.validation + options.test
    if total > 1 or math.isclose(total, 1):
        raise _wrong(
            "validation + test",
            total,
            Text(en="less than 1, so that something is left for training", zh="小于 1，否则没有数据用于训练"),
        )
    if not _is_whole(options.seed) or options.seed < 0:
        raise _wrong("seed", options.seed, Text(en="a whole number, 0 or more", zh="不小于 0 的整数"))
    for what, least in (("window", 1), ("horizon", 1), ("vocabulary", 2), ("max_length", 1), ("sample_rate", 1000)):
        value = getattr(options, what)
        if value is not None and (not _is_whole(value) or value < least):
            raise _wrong(what, value, Text(en=f"a whole number, {least} or more", zh=f"不小于 {least} 的整数"))
    seconds: Any = options.max_seconds
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0):
        raise _wrong("max_seconds", seconds, Text(en="a number of seconds above 0", zh="大于 0 的秒数"))
    if options.tokens is not None and options.tokens not in TOKENS:
        raise UnknownNameError(Text(en="tokens", zh="切分方式 tokens"), options.tokens, TOKENS)
    if options.encoding is not None:
        try:
            codecs.lookup(options.encoding)
        except LookupError as error:
            raise _wrong(
                "encoding",
                options.encoding,
                Text(en='an encoding, such as "utf-8" or "gb18030"', zh="编码名称，例如 utf-8 或 gb18030"),
            ) from error


def _image_size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = (size, size) if _is_whole(size) else size
    if (
        not isinstance(sides, tuple | list)
        or len(sides) != 2
        or not all(_is_whole(s) and 1 <= s <= _LARGEST_IMAGE_SIDE for s in sides)
    ):
        raise _wrong(
            "image_size",
            size,
            Text(
                en=f"a whole number of pixels from 1 to {_LARGEST_IMAGE_SIDE}, or two: (height, width)",
                zh=f"1 到 {_LARGEST_IMAGE_SIDE} 的整数像素，或两个：（高，宽）",
            ),
        )
    return int(sides[0]), int(sides[1])


def _columns(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if names is None else (names,) if isinstance(names, str) else tuple(names)


def _names(names: Sequence[str] | None) -> tuple[str, ...]:
    if isinstance(names, str):
        raise _wrong("class_names", names, Text(en="a list of names", zh="名称的列表"))
    return () if names is None else tuple(str(n) for n in names)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _wrong(what: str, value: object, expected: Text) -> SettingError:
    return SettingError(
        Text(en=f"{what}={value!r}, expected is {expected.en}", zh=f"{what}={value!r} 不可用，应为{expected.zh}")
    )
