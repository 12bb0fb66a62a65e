"""`trainwell diagnose RUN` or `trainwell diagnose MODEL DATA`: what is wrong with a training."""

from pathlib import Path

import typer

from trainwell.cli.options import Lang, json_option, lang_option, quiet_option
from trainwell.cli.session import Session
from trainwell.errors import SettingError
from trainwell.locales import Text

ABOUT = Text(
    en="Name what is wrong with a training: of a finished run again with today's rules, or of a compiled .keras model "
    "on data.",
    zh="指出一次训练的问题：用当前规则重新诊断已完成的运行，或诊断一个已编译的 .keras 模型在数据上的训练。",
)
WHAT = Text(en="Folder of a run, or a compiled .keras model.", zh="运行文件夹，或已编译的 .keras 模型。")
DATA = Text(en="What the model shall learn from, as for train.", zh="模型要学习的数据，与 train 相同。")
EPOCHS = Text(
    en="Epochs to train; 0 looks only at what is known before the first step.",
    zh="训练轮数；0 表示只检查训练开始前已知的内容。",
)
BATCH = Text(en="Samples of one step.", zh="每步的样本数。")
ONE_BATCH = Text(
    en="With --epochs 0: also try whether the network can learn one batch by heart (some seconds).",
    zh="与 --epochs 0 一起使用：另外尝试网络能否记住一个批次（数秒）。",
)
SEED = Text(en="Seed of the order of the samples.", zh="样本顺序的随机种子。")
ASKED = Text(
    en="{option} goes with a model and data; a finished run is diagnosed from what was recorded",
    zh="{option} 只用于模型与数据；已完成的运行根据其记录进行诊断",
)
NO_DATA = Text(
    en="{path} is a model, so data are needed: trainwell diagnose MODEL DATA",
    zh="{path} 是模型，还需要数据：trainwell diagnose MODEL DATA",
)


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("diagnose", help=session(ABOUT))
    def diagnose(  # pyright: ignore[reportUnusedFunction]
        what: Path = typer.Argument(..., metavar="RUN|MODEL", help=session(WHAT), show_default=False),
        data: str | None = typer.Argument(None, metavar="[DATA]", help=session(DATA), show_default=False),
        epochs: int | None = typer.Option(None, "--epochs", min=0, help=session(EPOCHS), show_default=False),
        batch_size: int | None = typer.Option(None, "--batch-size", min=1, help=session(BATCH), show_default=False),
        seed: int | None = typer.Option(None, "--seed", min=0, help=session(SEED), show_default=False),
        one_batch: bool = typer.Option(False, "--one-batch", help=session(ONE_BATCH)),
        strict: bool = typer.Option(False, "--strict", help=session(STRICT)),
        json: bool = json_option(session),
        quiet: bool = quiet_option(session),
        lang: Lang = lang_option(session),
    ) -> int:
        del lang
        session.quiet, session.json = quiet, json
        import json as json_module

        from trainwell.report import TrainingProgress, diagnosis_page
        from trainwell.workflows import diagnose as examine
        from trainwell.workflows import diagnose_model

        if what.is_dir():
            given = {"DATA": data, "--epochs": epochs, "--batch-size": batch_size, "--seed": seed}
            given["--one-batch"] = one_batch or None
            for option, value in given.items():
                if value is not None:
                    raise SettingError(ASKED.format(option=option))
            found = examine(what)
        elif data is None:
            if what.is_file():
                raise SettingError(NO_DATA.format(path=repr(str(what))))
            found = examine(what)
        else:
            with TrainingProgress(session.console, session.language, quiet=quiet) as progress:
                found = diagnose_model(
                    what,
                    data,
                    epochs=epochs,
                    batch_size=batch_size,
                    seed=seed or 0,
                    one_batch=one_batch,
                    progress=progress,
                )
        session.console.print(diagnosis_page(found, session.language))
        if json:
            session.print_json(json_module.dumps(json_module.loads(found.to_json()), ensure_ascii=False))
        return int(strict and any(finding.severity == "error" for finding in found.findings))


STRICT = Text(en="Exit with code 1 if an error was found.", zh="发现错误级问题时以代码 1 退出。")
