"""`trainwell predict RUN INPUT`: ask a trained network."""

import csv
import enum
import json
import sys
from pathlib import Path

import typer

from trainwell.cli.options import Lang, lang_option, quiet_option, strict_option
from trainwell.cli.session import Session
from trainwell.locales import Text

ABOUT = Text(
    en="Ask a trained network about an image, a folder of images, or an .npy or .npz file.",
    zh="用训练好的网络预测一张图像、一个图像文件夹，或 .npy、.npz 文件。",
)
RUN = Text(en="Folder of a run, or a .keras file.", zh="运行文件夹，或 .keras 文件。")
INPUT = Text(en="Image, folder of images, .npy or .npz.", zh="图像、图像文件夹、.npy 或 .npz。")
FORMAT = Text(
    en="csv: name, answer, probability. json: one line with all probabilities.",
    zh="csv：名称、答案、概率。json：一行，含全部概率。",
)
STRICT = Text(en="Refuse damaged images instead of leaving them out.", zh="遇到损坏的图像时报错，而不是跳过。")


class Format(enum.StrEnum):
    """Output formats."""

    csv = "csv"
    json = "json"


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("predict", help=session(ABOUT))
    def predict(  # pyright: ignore[reportUnusedFunction]
        run: Path = typer.Argument(..., help=session(RUN), show_default=False),
        source: Path = typer.Argument(..., metavar="INPUT", help=session(INPUT), show_default=False),
        form: Format = typer.Option(Format.csv, "--format", help=session(FORMAT)),
        as_json: bool = typer.Option(False, "--json", help="--format json"),
        strict: bool = strict_option(session, STRICT),
        quiet: bool = quiet_option(session),
        lang: Lang = lang_option(session),
    ) -> None:
        del lang
        session.quiet = quiet
        from trainwell.backend import cache_compilations
        from trainwell.workflows import predict as ask

        cache_compilations()
        answers, skipped = ask(run, source, strict=strict)
        if not quiet:
            for text in skipped:
                session.warn(text)
        if as_json or form is Format.json:
            session.print_json(
                json.dumps(
                    [
                        {
                            "name": answer.name,
                            "answer": answer.answer,
                            "probability": answer.probability,
                            "probabilities": answer.probabilities,
                        }
                        for answer in answers
                    ],
                    ensure_ascii=False,
                )
            )
            return
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["name", "answer", "probability"])
        for answer in answers:
            probability = "" if answer.probability is None else f"{answer.probability:.4f}"
            writer.writerow([answer.name, answer.answer, probability])
