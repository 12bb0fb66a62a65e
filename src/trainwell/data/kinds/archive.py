"""An archive: unpacked, and read as whatever it holds."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainwell.data.files.archives import FORMATS, extracted, is_archive, single_top
from trainwell.data.raw import Options, Raw
from trainwell.errors import DataError
from trainwell.locales import Text

PRIORITY = 25
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(en=f"an archive of any of these ({FORMATS})", zh=f"包含以上内容的压缩包（{FORMATS}）")


def recognises(source: Any) -> bool:
    """Whether `source` is a file with the name of an archive."""
    return isinstance(source, str | os.PathLike) and is_archive(Path(source)) and Path(source).is_file()


def read(source: Any, options: Options) -> Raw:
    """Unpack, enter the folder if all is in one, and hand it to the kind that recognises it.

    The readers hold all they need in memory when they return; what was unpacked is removed.

    Raises:
        FolderError: the archive cannot be opened, or there is no room to unpack it.
        DataError: it is damaged or not to be trusted, nothing in it is recognised, or what the reader finds wrong.
    """
    from trainwell.data.kinds import all_kinds

    path = Path(source)
    stem = path.name.removesuffix(path.suffix).removesuffix(".tar")
    with extracted(path) as folder:
        content = folder
        while content.is_dir() and (inner := single_top(content)) != content and not _is_part(inner):
            content = inner
        kinds = [kind for kind in all_kinds() if kind.PRIORITY != PRIORITY]
        kind = next((kind for kind in kinds if kind.recognises(content)), None)
        if kind is None:
            raise DataError(
                Text(
                    en=f"nothing in {str(path)!r} is data that can be read; expected is one of: "
                    f"{'; '.join(k.ACCEPTS.en for k in kinds)}",
                    zh=f"{str(path)!r} 中没有可读取的数据；应为以下之一：{'；'.join(k.ACCEPTS.zh for k in kinds)}",
                )
            )
        return replace(kind.read(content, options), name=stem or "data", source=str(source))


def _is_part(folder: Path) -> bool:
    """Whether it is the training part of the data and not a folder around them."""
    return folder.name.lower() in ("train", "training")
