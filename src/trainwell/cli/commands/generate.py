"""`trainwell generate RUN`: let a language model write."""

import sys
from pathlib import Path

import typer

from trainwell.cli.options import Lang, json_option, lang_option, quiet_option
from trainwell.cli.session import Session
from trainwell.locales import Text

ABOUT = Text(
    en="Let a trained language model continue a text.",
    zh="让训练好的语言模型续写文本。",
)
RUN = Text(en="Folder of a run with --task language_model.", zh="以 --task language_model 训练的运行文件夹。")
PROMPT = Text(en="Text to begin with.", zh="开头的文本。")
LENGTH = Text(en="Tokens to write.", zh="要写的词元数。")
TEMPERATURE = Text(
    en="Below 1 plays safe, above 1 dares more; 0 always takes the likeliest.",
    zh="小于 1 更保守，大于 1 更大胆；0 总是取最可能的。",
)
TOP_K = Text(en="Draw from so many likeliest tokens only.", zh="只从最可能的若干个词元中抽取。")
TOP_P = Text(
    en="Draw only from the likeliest tokens that together have this probability.",
    zh="只从合计达到该概率的最可能词元中抽取。",
)
SEED = Text(en="The same seed writes the same text.", zh="相同的种子写出相同的文本。")
SAMPLES = Text(en="So many texts, with seeds SEED, SEED + 1, ...", zh="写若干篇，种子依次为 SEED、SEED + 1……")
STOP = Text(en="Stop at the end of a document.", zh="写到一篇结束时停止。")


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("generate", help=session(ABOUT))
    def generate(  # pyright: ignore[reportUnusedFunction]
        run: Path = typer.Argument(..., help=session(RUN), show_default=False),
        prompt: str = typer.Option("", help=session(PROMPT), show_default=False),
        length: int = typer.Option(300, help=session(LENGTH)),
        temperature: float = typer.Option(0.8, help=session(TEMPERATURE)),
        top_k: int | None = typer.Option(None, help=session(TOP_K), show_default=False),
        top_p: float | None = typer.Option(None, help=session(TOP_P), show_default=False),
        seed: int = typer.Option(0, help=session(SEED)),
        samples: int = typer.Option(1, min=1, help=session(SAMPLES)),
        stop: bool = typer.Option(False, "--stop", help=session(STOP)),
        json: bool = json_option(session),
        quiet: bool = quiet_option(session),
        lang: Lang = lang_option(session),
    ) -> None:
        del lang
        session.quiet, session.json = quiet, json
        import json as json_module

        from trainwell.backend import cache_compilations
        from trainwell.workflows import generate as write

        cache_compilations()
        for number in range(samples):
            pieces = write(
                run,
                prompt,
                length=length,
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
                seed=seed + number,
                stop=stop,
            )
            if json:
                text = "".join(pieces)
                made = {"prompt": prompt, "text": text, "temperature": temperature, "seed": seed + number}
                session.print_json(json_module.dumps(made, ensure_ascii=False))
                continue
            sys.stdout.write(prompt)
            for piece in pieces:
                sys.stdout.write(piece)
                sys.stdout.flush()
            sys.stdout.write("\n" if number == samples - 1 else "\n\n")
