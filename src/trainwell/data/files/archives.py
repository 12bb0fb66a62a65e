"""Archives (.zip, .tar, .tar.gz) unpacked into a temporary folder, with nothing that could do harm."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from trainwell.data.files.media_files import is_hidden, unreadable
from trainwell.errors import DataError, InputError
from trainwell.locales import Text

FORMATS = ".zip, .tar, .tar.gz"
_TARS = (".tar", ".tar.gz", ".tgz")
MAX_FILES = 2_000_000  # ImageNet has 1.4 million
MAX_BYTES = 200 * 2**30
INFLATION = 200  # an archive may unpack to so many times its size; pictures and sound hardly pack, text 10 times
SMALL = 1 << 26  # bytes: below 64 MiB no ratio is asked, silence and empty tables pack very well
_BLOCK = 1 << 20
_UTF8_NAME = 0x800  # zip's flag: the name is UTF-8 (APPNOTE.TXT 4.4.4, bit 11)
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class _Member:
    """One file of an archive: its name inside, its size in bytes as stated, and what it holds."""

    name: str
    size: int
    content: IO[bytes]


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive which `extracted` unpacks."""
    return path.name.lower().endswith((".zip", *_TARS))


@contextmanager
def extracted(path: str | os.PathLike[str]) -> Generator[Path]:
    """Unpack an archive into a temporary folder, which is removed at the end of the block.

    Errors that leave the block name the archive where they would name the temporary folder. Names in a zip that are
    not marked as UTF-8 are read as UTF-8 if they can be, else as GB18030: so Windows writes them in China.

    Yields:
        The folder with the content.

    Raises:
        FolderError: the archive or the temporary folder cannot be opened, or there is no room.
        DataError: no archive, damaged, locked with a password, or with something that does not belong there: absolute
            paths, "..", links, far too many files or bytes.
    """
    archive = Path(path)
    with tempfile.TemporaryDirectory(prefix="trainwell-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "content"
        folder.mkdir()
        try:
            _unpack(archive, folder)
            yield folder
        except InputError as error:
            renamed = Text(
                en=error.message.en.replace(str(folder), str(archive)),
                zh=error.message.zh.replace(str(folder), str(archive)),
            )
            error.message, error.args = renamed, (renamed.en,)
            raise


def single_top(folder: Path) -> Path:
    """The one visible thing in a folder, as archives often have it; the folder itself if there are none or several."""
    visible = [entry for entry in folder.iterdir() if not is_hidden(entry.name)]
    return visible[0] if len(visible) == 1 else folder


def _unpack(archive: Path, folder: Path) -> None:
    read = _zip_members if archive.name.lower().endswith(".zip") else _tar_members
    try:
        packed = archive.stat().st_size
        room = min(MAX_BYTES, shutil.disk_usage(folder).free, max(SMALL, INFLATION * packed))
        taken = 0
        for count, member in enumerate(read(archive), start=1):
            taken += member.size
            if taken > room or count > MAX_FILES:
                raise _too_much(archive, packed, count, taken)
            target = folder / _safe(member.name, archive)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(member.content, file, _BLOCK)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError) as error:
        raise _wrong(
            archive,
            Text(
                en=f"it is not one of {FORMATS}, is damaged, or is packed in an unusual way; pack it again",
                zh=f"它不是 {FORMATS} 文件，或已损坏，或使用了不常见的压缩方式；请重新打包",
            ),
        ) from error
    except OSError as error:
        raise unreadable(archive, error) from error


def _zip_members(archive: Path) -> Iterator[_Member]:
    # A zip's reader never hands out more than the size that the directory states, and checks the sum.
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            if info.filename.endswith("/"):  # `is_dir` fails on an empty name
                continue
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise _odd(archive, info.filename)
            if info.flag_bits & _ENCRYPTED:
                raise _wrong(
                    archive,
                    Text(
                        en="it is locked with a password; unpack it yourself and give the folder",
                        zh="它有密码；请自行解压，然后给出文件夹",
                    ),
                )
            with file.open(info) as content:
                yield _Member(_zip_name(info), info.file_size, content)


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        stored = info.filename.encode("cp437")  # as zipfile decoded it
    except UnicodeEncodeError:  # taken from an extra field
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return stored.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive, "r|*") as file:  # as a stream: one pass, nothing kept
        for info in file:
            if info.isdir():
                continue
            content = file.extractfile(info) if info.isreg() else None
            if content is None:
                raise _odd(archive, info.name)
            yield _Member(info.name, info.size, content)


def _safe(name: str, archive: Path) -> PurePosixPath:
    """A name that stays inside the folder it is unpacked to."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name.split("/")[0] or "\0" in name or not path.parts:
        raise _wrong(
            archive,
            Text(
                en=f"{name!r} in it would be written outside of its folder; do not trust it, or pack it again with "
                "plain relative names",
                zh=f"其中的 {name!r} 会被写到目标文件夹之外；请不要信任该文件，或使用普通的相对路径重新打包",
            ),
        )
    return path


def _odd(archive: Path, name: str) -> DataError:
    return _wrong(
        archive,
        Text(
            en=f"{name!r} in it is a link or a device, only plain files are unpacked; pack the files themselves",
            zh=f"其中的 {name!r} 是链接或设备，只能解压普通文件；请直接打包文件本身",
        ),
    )


def _too_much(archive: Path, packed: int, count: int, taken: int) -> DataError:
    return _wrong(
        archive,
        Text(
            en=f"its {packed:,} bytes unpack to at least {taken:,} bytes in {count:,} files, more than there is room "
            "for or real data would need; unpack it yourself if you trust it, and give the folder",
            zh=f"{packed:,} 字节的文件解压后至少有 {taken:,} 字节、{count:,} 个文件，超出可用空间或正常数据的大小；"
            "如果您信任它，请自行解压，然后给出文件夹",
        ),
    )


def _wrong(archive: Path, why: Text) -> DataError:
    return DataError(Text(en=f"cannot unpack {str(archive)!r}: {why.en}", zh=f"无法解压 {str(archive)!r}：{why.zh}"))
