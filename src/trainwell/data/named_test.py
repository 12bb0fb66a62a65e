"""A test part taken by the names of the samples: recordings 0 to 4 of each speaker, the files of one day."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatch
from pathlib import PurePath
from typing import Any

import numpy as np

from trainwell.data.raw import Options, Part, Raw
from trainwell.errors import SettingError
from trainwell.locales import Text


def named_test_part(raw: Raw, options: Options) -> Raw:
    """Move the samples whose file name fits `options.test_names` to the test part.

    Raises:
        SettingError: the samples have no names, the source has its own test part, or the pattern fits none or all.
    """
    pattern = options.test_names
    if pattern is None:
        return raw
    names = raw.train.names or ()
    fits = np.asarray([fnmatch(PurePath(name).name, pattern) for name in names], bool)
    if not names or raw.test is not None:
        reason = Text(
            en="the samples have no names" if not names else "the data have a test part of their own",
            zh="样本没有名称" if not names else "数据自带测试部分",
        )
        raise SettingError(
            Text(
                en=f"test_names={pattern!r} cannot be used: {reason.en}; leave it out",
                zh=f"无法使用 test_names={pattern!r}：{reason.zh}；请去掉它",
            )
        )
    if not fits.any() or fits.all():
        which = Text(en="none" if not fits.any() else "all", zh="没有" if not fits.any() else "全部")
        raise SettingError(
            Text(
                en=f"test_names={pattern!r} fits {which.en} of the {len(names):,} names, such as {names[0]!r}; "
                "give a pattern that fits some, * stands for anything",
                zh=f"test_names={pattern!r} 匹配了 {len(names):,} 个名称中的{which.zh}（例如 {names[0]!r}）；"
                "请给出只匹配一部分名称的模式，* 代表任意字符",
            )
        )
    return replace(
        raw,
        train=_take(raw.train, np.flatnonzero(~fits)),
        test=_take(raw.train, np.flatnonzero(fits)),
        split_note=None,
    )


def _take(part: Part, places: Any) -> Part:
    x = part.x[places] if isinstance(part.x, np.ndarray) else part.x.take(places)
    names = None if part.names is None else tuple(part.names[i] for i in places.tolist())
    return Part(x, np.asarray(part.y)[places], names)
