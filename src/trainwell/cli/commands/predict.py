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
    en="Ask a trained network about new data, as raw as those it learned from.",
    zh="用训练好的网络预测新数据，数据与训练时一样保持原样。",
)
RUN = Text(en="Folder of a run, or a .keras file.", zh="运行文件夹，或 .keras 文件。")
INPUT = Text(
    en="What the network learned from, one or many: an image, a sound file, a text in quotes, a table, a folder or zip "
    "of them, .npy or .npz.",
    zh="与训练数据同类，一个或多个：图像、声音文件、引号中的文本、表格、它们的文件夹或 zip、.npy 或 .npz。",
)
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
        source: str = typer.Argument(..., metavar="INPUT", help=session(INPUT), show_default=False),
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
                            **({"shown": answer.shown} if answer.shown else {}),
                        }
                        for answer in answers
                    ],
                    ensure_ascii=False,
                )
            )
            return
        writer = csv.writer(sys.stdout, lineterminator="\n")
        shown = ["shown"] if any(answer.shown for answer in answers) else []
        targets = list(answers[0].probabilities) if answers and isinstance(answers[0].answer, float) else []
        if len(targets) > 1:  # several numbers for each sample: a column each
            writer.writerow(["name", *targets, *shown])
            for answer in answers:
                writer.writerow([answer.name, *answer.probabilities.values(), *([answer.shown] if shown else [])])
            return
        writer.writerow(["name", "answer", "probability", *shown])
        for answer in answers:
            probability = "" if answer.probability is None else f"{answer.probability:.4f}"
            writer.writerow([answer.name, answer.answer, probability, *([answer.shown] if shown else [])])
