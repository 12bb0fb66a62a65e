"""The folder of a run: claimed before the training, complete after it, never overwritten, gone if nothing came of it.

RUN/blueprint.json, recording/, history.csv, findings.json, facts.json, model.keras, report.html, result.json;
input.json (how raw samples are read, with the tokenizer) and learned.npz (pictures of what was learned) where there are
such; last_good.weights.h5 (the weights from before the step in which the numbers broke) where they did; and, as long as
the training is not finished, checkpoint.npz.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from trainwell.errors import FolderError
from trainwell.locales import Text

BLUEPRINT, FINDINGS, FACTS, MODEL, REPORT, RESULT, CHECKPOINT, INPUT, LEARNED, LAST_GOOD = (
    "blueprint.json",
    "findings.json",
    "facts.json",
    "model.keras",
    "report.html",
    "result.json",
    "checkpoint.npz",
    "input.json",
    "learned.npz",
    "last_good.weights.h5",
)
ROOM = 64 * 2**20  # bytes that must be free besides the model's own: recording, report


def claim(folder: Path, *, model_bytes: int, resume: bool) -> Path:
    """Make the folder of a new run, or find that of an unfinished one.

    Args:
        folder: where.
        model_bytes: size of the model's weights, to see that the disk has room.
        resume: go on with the unfinished run that is there.

    Raises:
        FolderError: it exists (or does not, to resume), cannot be written, or the disk is full.
    """
    if resume:
        if not (folder / CHECKPOINT).is_file():
            raise FolderError(
                Text(
                    en=f"nothing to resume at {str(folder)!r}: --out must be the folder of an unfinished run, "
                    f"which holds a {CHECKPOINT}",
                    zh=f"{str(folder)!r} 处没有可继续的训练：--out 应为未完成运行的文件夹，内含 {CHECKPOINT}",
                )
            )
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderError(
            Text(
                en=f"{str(folder)!r} exists already; give another --out, or --resume if it is an unfinished run",
                zh=f"{str(folder)!r} 已存在；请另选 --out，若它是未完成的运行则使用 --resume",
            )
        )
    parents = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    with writing_to(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
            if free < 4 * model_bytes + ROOM:  # weights, optimizer state, checkpoint, model file
                raise OSError(errno.ENOSPC, "too little room")
            probe = folder / ".probe"
            probe.write_bytes(b"\0" * 65536)
            probe.unlink()
        except OSError:
            for made in parents:
                shutil.rmtree(made, ignore_errors=True)
            raise
    return folder


FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.ENAMETOOLONG)


@contextmanager
def writing_to(folder: Path) -> Generator[None]:
    """Turn a failed write to this folder within the block into one clear error; other errors pass."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        elsewhere = error.filename is not None and folder.resolve() not in Path(str(error.filename)).resolve().parents
        above = error.filename is not None and Path(str(error.filename)).resolve() in (
            folder.resolve(),
            *folder.resolve().parents,
        )
        if not full and (error.errno not in FORBIDDEN or (elsewhere and not above)):
            raise
        reason = error.strerror or str(error)
        raise FolderError(
            Text(
                en=f"the disk of {str(folder)!r} is full; free some space or give another --out"
                if full
                else f"cannot write to {str(folder)!r} ({reason}); give a folder that can be written with --out",
                zh=f"{str(folder)!r} 所在磁盘已满；请释放空间或另选 --out"
                if full
                else f"无法写入 {str(folder)!r}（{reason}）；请用 --out 指定可写的文件夹",
            )
        ) from error


def free_name(parent: Path, name: str) -> Path:
    """The first of PARENT/NAME-1, NAME-2, ... that does not exist."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run"
    taken = {path.name for path in parent.glob("*")} if parent.is_dir() else set[str]()
    number = 1
    while f"{safe}-{number}" in taken:
        number += 1
    return parent / f"{safe}-{number}"
