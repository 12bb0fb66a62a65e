"""Somebody's script, run as `python script.py` would run it."""

from __future__ import annotations

import inspect
import os
import runpy
import sys
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from trainwell.errors import FolderError, InputError
from trainwell.locales import Text


def check(script: Path) -> None:
    """Refuse what is not a Python script, before anything runs.

    Raises:
        FolderError: there is no such file, or it cannot be read.
        InputError: it is not Python; file, line and what is wrong there.
    """
    if not script.is_file():
        raise FolderError(
            Text(
                en=f"no script at {str(script)!r}; give a Python file that trains a Keras model",
                zh=f"{str(script)!r} 处没有脚本；请给出训练 Keras 模型的 Python 文件",
            )
        )
    if script.suffix == ".ipynb":
        raise InputError(
            Text(
                en=f"{str(script)!r} is a notebook; save it as a script first: jupyter nbconvert --to script",
                zh=f"{str(script)!r} 是笔记本；请先另存为脚本：jupyter nbconvert --to script",
            )
        )
    try:
        source = script.read_bytes()
    except OSError as error:
        raise FolderError(
            Text(
                en=f"cannot read {str(script)!r} ({error.strerror}); give a Python file that can be read",
                zh=f"无法读取 {str(script)!r}（{error.strerror}）；请给出可读的 Python 文件",
            )
        ) from error
    try:
        compile(source, str(script), "exec", dont_inherit=True)
    except SyntaxError as error:
        place = Text(en=f", line {error.lineno}", zh=f"第 {error.lineno} 行") if error.lineno else Text(en="", zh="")
        raise InputError(
            Text(
                en=f"{str(script)!r}{place.en} is not Python: {error.msg}; mend it, or give a Python file",
                zh=f"{str(script)!r} {place.zh}不是 Python 代码：{error.msg}；请改正，或给出 Python 文件",
            )
        ) from error
    except ValueError as error:  # null bytes
        raise InputError(
            Text(
                en=f"{str(script)!r} is not Python: {error}; give a Python file",
                zh=f"{str(script)!r} 不是 Python 代码：{error}；请给出 Python 文件",
            )
        ) from error


def run(script: Path, arguments: Sequence[str]) -> int:
    """Run the script as `__main__`.

    Args:
        script: a Python file (see `check`).
        arguments: what stands behind it on the command line.

    Returns:
        Its exit code: 0 at its end, else that of its `sys.exit`.

    Raises:
        BaseException: what the script raised (see `from_script_on`).
    """
    try:
        with _as_main(script, arguments):
            runpy.run_path(os.path.abspath(script), run_name="__main__")  # noqa: PTH100 (as Python: links stay)
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    return 0


@contextmanager
def _as_main(script: Path, arguments: Sequence[str]) -> Generator[None]:
    """Arguments and module path as the script expects them; put back afterwards."""
    before = sys.argv, sys.path
    sys.argv = [str(script), *arguments]
    sys.path = [str(script.resolve().parent), *sys.path]
    try:
        yield
    finally:
        sys.argv, sys.path = before


def from_script_on(error: BaseException, script: Path) -> BaseException:
    """The error, its traceback without what ran the script."""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        if _is(step.tb_frame.f_code.co_filename, script):
            return error.with_traceback(step)
        step = step.tb_next
    return error


def place_of_error(error: BaseException, script: Path) -> Text:
    """The innermost place in the person's own files where an error arose, to stand before what is said of it."""
    own = script.resolve().parent
    places = [
        (Path(frame.filename).name, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if own in Path(frame.filename).resolve().parents and "site-packages" not in frame.filename
    ]
    return place(*(places[-1] if places else (script.name, None)))


def place(file: str, line: int | None) -> Text:
    """A file and a line of it, to stand before what is said of them.

    >>> place("train.py", 12)["zh"]
    'train.py 第 12 行：'
    """
    if line is None:
        return Text(en=f"{file}: ", zh=f"{file}：")
    return Text(en=f"{file}, line {line}: ", zh=f"{file} 第 {line} 行：")


def line_of_call(script: Path) -> int | None:
    """The line of the script that is being run now, None outside of it."""
    frame = inspect.currentframe()
    while frame is not None:
        if _is(frame.f_code.co_filename, script):
            return frame.f_lineno
        frame = frame.f_back
    return None


def _is(filename: str, script: Path) -> bool:
    return filename == os.path.abspath(script)  # noqa: PTH100
