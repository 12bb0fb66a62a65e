"""`trainwell train DATA`: train a network, watched, with a report."""

import json as json_module
import shlex
import sys
from pathlib import Path
from typing import Any

import typer

from trainwell.cli.options import Lang, json_option, lang_option, quiet_option, strict_option
from trainwell.cli.session import Session
from trainwell.cli.train_options import OPTIONS, PANELS
from trainwell.errors import SettingError
from trainwell.locales import Text

ABOUT = Text(
    en="Train a network on data, watch every layer, and write a report.",
    zh="在数据上训练网络，观察每一层，并生成报告。",
)
DATA = Text(
    en="A folder (or zip) with one subfolder of images, sound or text files per class; a CSV, TSV, JSONL or Parquet "
    "file with text, numbers or a series; a plain text file to learn to write; MNIST's idx files; an .npz file; or "
    "digits, iris, wine, breast_cancer, diabetes.",
    zh="每类一个子文件夹的图像、声音或文本文件夹（或 zip）；含文本、数值或时间序列的 CSV、TSV、JSONL、Parquet 文件；"
    "用来学习写作的纯文本文件；MNIST 的 idx 文件；.npz 文件；或 digits、iris、wine、breast_cancer、diabetes。",
)
STRICT = Text(
    en="Refuse damaged files, and end with exit code 1 if a problem of severity error is found.",
    zh="遇到损坏的文件即报错；发现 error 级别的问题时以退出码 1 结束。",
)
RESUME = Text(
    en="To go on, give the same command with: --resume --out {folder}",
    zh="要继续训练，请在同样的命令后加上：--resume --out {folder}",
)
LOADING = Text(en="Reading the data", zh="正在读取数据")


def add_to(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    def option(default: Any, name: str, panel: str, *flags: str) -> Any:
        return typer.Option(
            default, *flags, help=session(OPTIONS[name]), rich_help_panel=session(PANELS[panel]), show_default=False
        )

    @app.command("train", help=session(ABOUT))
    def train(  # pyright: ignore[reportUnusedFunction]
        data: str = typer.Argument(..., help=session(DATA), show_default=False),
        network: str | None = option(None, "network", "network"),
        hidden: str | None = option(None, "hidden", "network"),
        filters: str | None = option(None, "filters", "network"),
        dense: int | None = option(None, "dense", "network"),
        layers: int | None = option(None, "layers", "network"),
        units: int | None = option(None, "units", "network"),
        bidirectional: bool | None = option(None, "bidirectional", "network", "--bidirectional/--one-direction"),
        blocks: int | None = option(None, "blocks", "network"),
        width: int | None = option(None, "width", "network"),
        heads: int | None = option(None, "heads", "network"),
        feed_forward: int | None = option(None, "feed_forward", "network"),
        positions: str | None = option(None, "positions", "network"),
        norm_first: bool | None = option(None, "norm_first", "network", "--norm-first/--norm-last"),
        embedding: int | None = option(None, "embedding", "network"),
        pooling: str | None = option(None, "pooling", "network"),
        augment: bool | None = option(None, "augment", "network", "--augment/--no-augment"),
        activation: str | None = option(None, "activation", "network"),
        initializer: str | None = option(None, "initializer", "network"),
        normalization: str | None = option(None, "normalization", "network"),
        dropout: float | None = option(None, "dropout", "network"),
        spatial_dropout: float | None = option(None, "spatial_dropout", "network"),
        recurrent_dropout: float | None = option(None, "recurrent_dropout", "network"),
        l1: float | None = option(None, "l1", "network"),
        l2: float | None = option(None, "l2", "network"),
        optimizer: str | None = option(None, "optimizer", "training"),
        learning_rate: float | None = option(None, "learning_rate", "training"),
        schedule: str | None = option(None, "schedule", "training"),
        warmup: int | None = option(None, "warmup", "training"),
        clip_value: float | None = option(None, "clip_value", "training"),
        clip_norm: float | None = option(None, "clip_norm", "training"),
        global_clip_norm: float | None = option(None, "global_clip_norm", "training"),
        weight_decay: float | None = option(None, "weight_decay", "training"),
        label_smoothing: float | None = option(None, "label_smoothing", "training"),
        precision: str | None = option(None, "precision", "training"),
        epochs: int | None = option(None, "epochs", "training"),
        batch_size: int | None = option(None, "batch_size", "training"),
        early_stopping: int | None = option(None, "early_stopping", "training"),
        balanced: bool = option(False, "balanced", "training", "--balanced"),
        seed: int = option(0, "seed", "training"),
        validation: float = option(0.1, "validation", "data"),
        test: float = option(0.2, "test", "data"),
        split_seed: int = option(0, "split_seed", "data"),
        image_size: str | None = option(None, "image_size", "data"),
        task: str | None = option(None, "task", "data"),
        kind: str | None = option(None, "kind", "data"),
        target: str | None = option(None, "target", "data"),
        text: str | None = option(None, "text", "data"),
        time: str | None = option(None, "time", "data"),
        series: str | None = option(None, "series", "data"),
        drop: str | None = option(None, "drop", "data"),
        window: int | None = option(None, "window", "data"),
        horizon: int = option(1, "horizon", "data"),
        tokens: str | None = option(None, "tokens", "data"),
        vocabulary: int | None = option(None, "vocabulary", "data"),
        max_length: int | None = option(None, "max_length", "data"),
        sample_rate: int | None = option(None, "sample_rate", "data"),
        max_seconds: float | None = option(None, "max_seconds", "data"),
        encoding: str | None = option(None, "encoding", "data"),
        test_names: str | None = option(None, "test_names", "data"),
        out: Path | None = option(None, "out", "output"),
        resume: bool = option(False, "resume", "output", "--resume"),
        every: int | None = option(None, "every", "output"),
        watch: bool = option(True, "watch", "output", "--watch/--no-watch"),
        strict: bool = strict_option(session, STRICT),
        json: bool = json_option(session),
        quiet: bool = quiet_option(session),
        lang: Lang = lang_option(session),
    ) -> int:
        del lang
        session.quiet, session.json = quiet, json
        from trainwell.backend import cache_compilations
        from trainwell.report import CountedProgress, DataFacts, TrainingProgress, choices_panel, data_summary, summary
        from trainwell.workflows import plan

        cache_compilations()
        settings = {
            "activation": activation,
            "initializer": initializer,
            "normalization": normalization,
            "dropout": dropout,
            "spatial_dropout": spatial_dropout,
            "recurrent_dropout": recurrent_dropout,
            "l1": l1,
            "l2": l2,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "warmup": warmup,
            "clip_value": clip_value,
            "clip_norm": clip_norm,
            "global_clip_norm": global_clip_norm,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "precision": precision,
        }
        shape = {
            "hidden": _widths("--hidden", hidden),
            "filters": _widths("--filters", filters),
            "dense": dense,
            "layers": layers,
            "units": units,
            "bidirectional": bidirectional,
            "blocks": blocks,
            "width": width,
            "heads": heads,
            "feed_forward": feed_forward,
            "positions": positions,
            "norm_first": norm_first,
            "embedding": embedding,
            "pooling": pooling,
            "augment": augment,
        }
        console = session.console
        with CountedProgress(console, session.language, LOADING, quiet=quiet) as loading:
            planned = plan(
                data,
                network=network,
                shape={name: value for name, value in shape.items() if value is not None},
                techniques={name: value for name, value in settings.items() if value is not None},
                epochs=epochs,
                batch_size=batch_size,
                early_stopping=early_stopping,
                balanced=balanced,
                seed=seed,
                load_options={
                    "validation": validation,
                    "test": test,
                    "seed": split_seed,
                    "image_size": _size(image_size),
                    "task": task,
                    "kind": kind,
                    "target": _names(target),
                    "text": _names(text),
                    "time": time,
                    "series": series,
                    "drop": _names(drop),
                    "window": window,
                    "horizon": horizon,
                    "tokens": tokens,
                    "vocabulary": vocabulary,
                    "max_length": max_length,
                    "sample_rate": sample_rate,
                    "max_seconds": max_seconds,
                    "encoding": encoding,
                    "test_names": test_names,
                    "strict": strict,
                    "progress": loading,
                },
                out=out,
                resume=resume,
                watch=watch,
                every=every,
            )
        facts = DataFacts.of(planned.data)
        if quiet or json:
            for note in (note for note in facts.notes if note.severity == "warning"):
                session.warn(note.text)
        console.print(data_summary(facts, session.language))
        console.print(choices_panel(planned.choices, session.language))
        with TrainingProgress(console, session.language, quiet=quiet) as progress:
            command = shlex.join(["trainwell", *sys.argv[1:]])
            run = planned.train(progress=progress, language=session.language, command=command)
        page = run.folder / "report.html"
        console.print(summary(run.facts, run.recording, session.language, page=page, folder=run.folder))
        if run.facts.training.stopped == "interrupted":
            console.print(session(RESUME.format(folder=run.folder)))
        if json:
            session.print_json(json_module.dumps(run.result, ensure_ascii=False, allow_nan=False))
        elif quiet:
            session.print_json(str(run.folder))
        if run.facts.training.stopped == "interrupted":
            return 130
        return int(strict and any(finding.severity == "error" for finding in run.findings))


def _names(text: str | None) -> list[str] | None:
    """Column names as they were given: one, or several with commas between them.

    >>> _names("title, text")
    ['title', 'text']
    """
    return None if text is None else [name.strip() for name in text.split(",")]


def _widths(option: str, text: str | None) -> tuple[int, ...] | None:
    """`64,64` or `32x30` as numbers.

    >>> _widths("--hidden", "64,32x3")
    (64, 32, 32, 32)
    """
    if text is None:
        return None
    widths: list[int] = []
    try:
        for part in text.split(","):
            width, _, times = part.partition("x")
            widths += [int(width)] * (int(times) if times else 1)
    except ValueError:
        widths = []
    if not widths or min(widths) < 1 or len(widths) > 1000:
        raise SettingError(
            Text(
                en=f"{option}: expected widths such as 64,64 or 32x30 (30 layers of 32), given {text!r}",
                zh=f"{option}：应为 64,64 或 32x30（30 层，每层 32）这样的宽度，给出的是 {text!r}",
            )
        )
    return tuple(widths)


def _size(text: str | None) -> int | tuple[int, int] | None:
    """`64` or `48x64` as numbers."""
    if text is None:
        return None
    try:
        sides = [int(side) for side in text.split("x")]
    except ValueError:
        sides = []
    if not 1 <= len(sides) <= 2:
        raise SettingError(
            Text(
                en=f"--image-size: expected a side such as 64, or HEIGHTxWIDTH, given {text!r}",
                zh=f"--image-size：应为 64 这样的边长，或 高x宽，给出的是 {text!r}",
            )
        )
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])
