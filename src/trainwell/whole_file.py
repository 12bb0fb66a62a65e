"""Files that are written whole or not at all: under another name first, then renamed."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path` when the block ends well.

    A reader sees the old file or the new one, never a part; after an error the old one is still there. The temporary
    name keeps the ending, because some writers go by it.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "greeting.txt"
    >>> with whole_file(target) as temporary:
    ...     _ = temporary.write_text("hello")
    >>> target.read_text()
    'hello'
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write these bytes to `path`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
