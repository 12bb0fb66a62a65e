"""Text files as people have them: UTF-8 with and without a mark, UTF-16, GB18030, and any of them as .gz."""

from __future__ import annotations

import codecs
import zlib
from pathlib import Path

from trainwell.data.files.media_files import unreadable
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text

INFLATION = 200  # a .gz may unpack to so many times its size; DEFLATE of real text reaches 10, of zeros 1,030
SMALL = 1 << 26  # bytes: below 64 MiB no ratio is asked, a short file of one repeated line packs very well
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SOUND = 10  # so many well-formed letters beyond ASCII for each broken one: damaged UTF-8, not another encoding
_AROUND = 1 << 16  # bytes on either side
_SHOWN = 4  # bytes named in an error


def decode(data: bytes, name: str, encoding: str | None) -> tuple[str, str]:
    r"""Text of `data`, and the encoding it was read in.

    A byte-order mark decides; then UTF-8, then GB18030 (which holds GB2312 and GBK). Other encodings cannot be told
    apart with certainty and must be given.

    Args:
        data: the content of a file.
        name: what to call it in an error.
        encoding: what the caller says, or None.

    Raises:
        DataError: bytes that are no text in the encoding, with their offset; or NUL bytes, which no text has.

    >>> decode("你好".encode("gb18030"), "a.txt", None)
    ('你好', 'gb18030')
    >>> decode(b"\xef\xbb\xbfa", "a.txt", None)
    ('a', 'utf-8-sig')
    """
    mark = next((used for start, used in _MARKS if data.startswith(start)), None)
    if mark and encoding in (None, "utf-8", "utf8", "UTF-8"):
        encoding = mark
    tried = [encoding] if encoding else ["utf-8", "gb18030"]
    failures: list[tuple[str, UnicodeDecodeError]] = []
    for attempt in tried:
        try:
            text = data.decode(attempt)
        except UnicodeDecodeError as error:
            failures.append((attempt, error))
            if not encoding and _damaged_utf8(data, error.start):
                break
            continue
        if "\0" in text:
            raise _nul(text, attempt, name)
        return text, attempt
    raise _undecodable(name, failures, data) from failures[0][1]


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked if its name ends in .gz.

    Raises:
        FolderError: it is missing or cannot be opened.
        DataError: it is no .gz, is damaged or cut off, or unpacks to far more than text does.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FolderError(Text(en=f"there is no file {str(path)!r}", zh=f"文件 {str(path)!r} 不存在")) from error
    except OSError as error:
        raise unreadable(path, error) from error
    return _inflated(data, path) if path.suffix.lower() == ".gz" else data


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Text of a file (of a .gz, its content), and the encoding it was read in; see `decode` and `read_bytes`."""
    return decode(read_bytes(path), str(path), encoding)


def _inflated(data: bytes, path: Path) -> bytes:
    limit = max(SMALL, INFLATION * len(data))
    pieces: list[bytes] = []
    left, size = data, 0
    while left:  # a .gz may hold several members, one after the other
        unpack = zlib.decompressobj(wbits=31)
        try:
            pieces.append(unpack.decompress(left, limit - size + 1))
        except zlib.error as error:
            raise _bad_gz(path) from error
        size += len(pieces[-1])
        if size > limit:
            raise DataError(
                Text(
                    en=f"{str(path)!r} unpacks to more than {INFLATION} times its size of {len(data):,} bytes, which "
                    "no real text does; unpack it yourself if you trust it",
                    zh=f"{str(path)!r} 解压后超过其大小（{len(data):,} 字节）的 {INFLATION} 倍，正常文本不会如此；"
                    "如果您信任该文件，请自行解压",
                )
            )
        if not unpack.eof:
            raise _bad_gz(path)
        left = unpack.unused_data.lstrip(b"\0")  # padding behind the last member
    if not pieces:
        raise _bad_gz(path)
    return b"".join(pieces)


def _bad_gz(path: Path) -> DataError:
    return DataError(
        Text(
            en=f"{str(path)!r} is not a .gz file, is damaged, or is cut off; get it again",
            zh=f"{str(path)!r} 不是 .gz 文件，或已损坏、不完整；请重新获取",
        )
    )


def _damaged_utf8(data: bytes, place: int) -> bool:
    """Whether nearly all beyond ASCII around a broken place is sound UTF-8; GB18030 would make other letters of it."""
    text = data[max(0, place - _AROUND) : place + _AROUND].decode("utf-8", errors="replace")
    broken = text.count("�")
    return sum(letter > "\x7f" for letter in text) - broken > _SOUND * broken


def _undecodable(name: str, failures: list[tuple[str, UnicodeDecodeError]], data: bytes) -> DataError:
    places = [
        (used.upper(), error.start, data[error.start : error.start + _SHOWN].hex(" ")) for used, error in failures
    ]
    en = ", nor as ".join(f"{used} (byte offset {start:,}: {shown})" for used, start, shown in places)
    zh = "，也无法按 ".join(f"{used} 解码（字节偏移 {start:,}：{shown}）" for used, start, shown in places)
    return DataError(
        Text(
            en=f'{name!r} cannot be read as {en}; mend these bytes, or give the encoding, such as encoding="cp1252"',
            zh=f'{name!r} 无法按 {zh}；请修正这些字节，或指定编码，例如 encoding="big5"',
        )
    )


def _nul(text: str, used: str, name: str) -> DataError:
    wide = text.count("\0") > len(text) // 4  # every second byte of plain letters in UTF-16
    offset = len(text[: text.index("\0")].encode(used))
    hint = (
        Text(
            en='it seems to be UTF-16 without a mark, give encoding="utf-16-le"',
            zh='它可能是不带标记的 UTF-16，请指定 encoding="utf-16-le"',
        )
        if wide
        else Text(en="it is not a text file, or is damaged there", zh="它不是文本文件，或在该处已损坏")
    )
    return DataError(
        Text(
            en=f"{name!r} has a NUL byte at byte offset {offset:,}; {hint.en}",
            zh=f"{name!r} 在字节偏移 {offset:,} 处有 NUL 字节；{hint.zh}",
        )
    )
