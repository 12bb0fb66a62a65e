"""`trainwell techniques [NAME]`: what there is, and each one explained with a picture."""

import json
from pathlib import Path

import typer

from trainwell.cli.options import Lang, json_option, lang_option
from trainwell.cli.session import Session
from trainwell.locales import Text

ABOUT = Text(
    en="List activations, initialisers, optimizers and the rest; or explain one, with its picture.",
    zh="列出激活函数、初始化、优化器等；或配图解释其中一个。",
)
NAME = Text(en="Technique to explain, e.g. relu.", zh="要解释的方法，例如 relu。")
PICTURE = Text(en="Write the picture to this file (.svg, .png or .pdf).", zh="把图保存到该文件（.svg、.png 或 .pdf）。")


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("techniques", help=session(ABOUT))
    def techniques(  # pyright: ignore[reportUnusedFunction]
        name: str | None = typer.Argument(None, help=session(NAME), show_default=False),
        picture: Path | None = typer.Option(None, "--picture", help=session(PICTURE), show_default=False),
        as_json: bool = json_option(session),
        lang: Lang = lang_option(session),
    ) -> None:
        del lang
        session.json = as_json
        from trainwell import techniques as room
        from trainwell.report.technique_pages import catalogue, catalogue_json, explanation, technique_json

        if name is None:
            session.console.print(catalogue(room.families(), session.language))
            if as_json:
                session.print_json(json.dumps(catalogue_json(room.families(), session.language), ensure_ascii=False))
            return
        technique = room.find(name)
        session.console.print(explanation(technique, session.language, width=session.console.width))
        if picture is not None:
            from trainwell import explain
            from trainwell.workflows.run_folder import writing_to

            with writing_to(picture.parent):
                explain.save(explain.picture(technique, explain.drawable_language(session.language, picture)), picture)
            session.console.print(str(picture))
        if as_json:
            session.print_json(json.dumps(technique_json(technique, session.language), ensure_ascii=False))
