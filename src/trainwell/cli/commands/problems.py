"""`trainwell problems [NAME]`: what the doctor looks for, and each one explained."""

import json

import typer

from trainwell.cli.options import Lang, json_option, lang_option
from trainwell.cli.session import Session
from trainwell.locales import Text

ABOUT = Text(
    en="List the training problems that are looked for; or explain one: its signs, its causes, what helps.",
    zh="列出会检查的训练问题；或解释其中一个：如何识别、由什么引起、怎样解决。",
)
NAME = Text(en="Problem to explain, e.g. dying_relu.", zh="要解释的问题，例如 dying_relu。")


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("problems", help=session(ABOUT))
    def problems(  # pyright: ignore[reportUnusedFunction]
        name: str | None = typer.Argument(None, help=session(NAME), show_default=False),
        as_json: bool = json_option(session),
        lang: Lang = lang_option(session),
    ) -> None:
        del lang
        session.json = as_json
        from trainwell.report.problem_pages import catalogue, catalogue_json, explanation, find, problem_json

        if name is None:
            session.console.print(catalogue(session.language))
            shown = catalogue_json(session.language) if as_json else None
        else:
            problem = find(name)
            session.console.print(explanation(problem, session.language))
            shown = problem_json(problem, session.language) if as_json else None
        if shown is not None:
            session.print_json(json.dumps(shown, ensure_ascii=False))
