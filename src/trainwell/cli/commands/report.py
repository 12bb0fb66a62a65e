"""`trainwell report RUN`: make the report of a run again, in either language."""

from pathlib import Path

import typer

from trainwell.cli.options import Lang, json_option, lang_option, quiet_option
from trainwell.cli.session import Session
from trainwell.locales import Text

ABOUT = Text(
    en="Show the summary of a run and write its report as one HTML file.",
    zh="显示运行摘要，并把报告写成一个 HTML 文件。",
)
RUN = Text(en="Folder of a run.", zh="运行文件夹。")
OUT = Text(en="Where to write the report; RUN/report.html if not given.", zh="报告的位置；默认为 RUN/report.html。")
WRITTEN = Text(en="Report: {path}", zh="报告：{path}")


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("report", help=session(ABOUT))
    def report(  # pyright: ignore[reportUnusedFunction]
        run: Path = typer.Argument(..., help=session(RUN), show_default=False),
        out: Path | None = typer.Option(None, "--out", help=session(OUT), show_default=False),
        json: bool = json_option(session),
        quiet: bool = quiet_option(session),
        lang: Lang = lang_option(session),
    ) -> None:
        del lang
        session.quiet, session.json = quiet, json
        import json as json_module

        from trainwell.report import summary
        from trainwell.workflows import open_run
        from trainwell.workflows.run_folder import writing_to

        opened = open_run(run)
        target = out or run / "report.html"
        with writing_to(target.parent):
            opened.report(target, session.language)
        session.console.print(summary(opened.facts, opened.recording, session.language, page=target, folder=run))
        if json:
            session.print_json(json_module.dumps(opened.result, ensure_ascii=False, allow_nan=False))
