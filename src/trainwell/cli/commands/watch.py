"""`trainwell watch SCRIPT`: run somebody's own Keras script, unchanged, and record every training in it."""

import contextlib
import json as json_module
import sys
import traceback
from pathlib import Path
from typing import Any

import typer

from trainwell.cli.options import Lang, json_option, lang_option, quiet_option
from trainwell.cli.session import Session
from trainwell.locales import Text

ABOUT = Text(
    en="Run your own Keras script, unchanged, on JAX; every model.fit in it is recorded and gets a report. "
    "import tensorflow as tf works for tf.keras, also where TensorFlow is not installed.",
    zh="原样运行您自己的 Keras 脚本（在 JAX 上）；其中每次 model.fit 都会记录并生成报告。"
    "即使没有安装 TensorFlow，也可以 import tensorflow as tf 并使用 tf.keras。",
)
SCRIPT = Text(en="Python file that trains a Keras model.", zh="训练 Keras 模型的 Python 文件。")
ARGUMENTS = Text(
    en="Arguments of the script; options of trainwell stand before the script.",
    zh="脚本自己的参数；trainwell 的选项写在脚本之前。",
)
OUT = Text(
    en="Folder for the runs, SCRIPT-1, SCRIPT-2, ... in it; runs if not given.",
    zh="存放运行的文件夹，其中依次为 脚本名-1、脚本名-2 等；默认为 runs。",
)
EVERY = Text(
    en="Look into the layers every so many steps; chosen from the measured cost if not given.",
    zh="每隔多少步查看各层；默认按实测开销选择。",
)
NOTHING = Text(
    en="The script trained nothing (no model.fit), so nothing was recorded.",
    zh="脚本没有训练（没有调用 model.fit），因此没有任何记录。",
)


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("watch", help=session(ABOUT), context_settings={"allow_interspersed_args": False})
    def watch(  # pyright: ignore[reportUnusedFunction]
        script: Path = typer.Argument(..., help=session(SCRIPT), show_default=False),
        arguments: list[str] | None = typer.Argument(
            None, metavar="ARGUMENTS", help=session(ARGUMENTS), show_default=False
        ),
        out: Path = typer.Option(Path("runs"), "--out", help=session(OUT), show_default=False),
        every: int | None = typer.Option(None, "--every", min=1, help=session(EVERY), show_default=False),
        json: bool = json_option(session),
        quiet: bool = quiet_option(session),
        lang: Lang = lang_option(session),
    ) -> int:
        del lang
        session.quiet, session.json = quiet, json
        from trainwell.backend import cache_compilations
        from trainwell.workflows.watch import watch as run_watched

        cache_compilations()
        # with --json, standard output is for the last line alone, and the script's own words go to standard error
        with contextlib.redirect_stdout(sys.stderr) if json else contextlib.nullcontext():
            ended = run_watched(
                script, arguments or [], out=out, every=every, audience=_Terminal(session), language=session.language
            )
        if ended.error is not None and not isinstance(ended.error, KeyboardInterrupt):
            traceback.print_exception(ended.error)
        if not ended.runs and not ended.not_recorded and ended.error is None:
            session.console.print(session(NOTHING))
        if json:
            result = {"script": str(script), "exit_code": ended.exit_code, "runs": [run.result for run in ended.runs]}
            session.print_json(json_module.dumps(result, ensure_ascii=False, allow_nan=False))
        elif quiet:
            for run in ended.runs:
                session.print_json(str(run.folder))
        return ended.exit_code


class _Terminal:
    """Shows each fit as `trainwell train` shows a training."""

    def __init__(self, session: Session):
        self._session = session

    def progress(self, verbose: int) -> Any:
        from rich.console import Console

        from trainwell.report import TrainingProgress

        session = self._session
        by_line = Console(stderr=session.json, quiet=session.quiet, highlight=False, force_terminal=False)
        quiet = session.quiet or verbose == 0
        return TrainingProgress(by_line if verbose == 2 else session.console, session.language, quiet=quiet)

    def recorded(self, run: Any) -> None:
        from trainwell.report import summary

        page = run.folder / "report.html"
        shown = summary(run.facts, run.recording, self._session.language, page=page, folder=run.folder)
        self._session.console.print(shown)

    def not_recorded(self, reason: Text) -> None:
        self._session.warn(reason)
