"""`trainwell train DATA`: train a network, watched, with a report."""

import json as json_module
import shlex
import sys
from pathlib import Path
from typing import Any

import typer

from trainwell.cli.options import Lang, json_option, lang_option, quiet_option, strict_option
from trainwell.cli.session import Session
from trainwell.errors import SettingError
from trainwell.locales import Text

ABOUT = Text(
    en="Train a network on data, watch every layer, and write a report.",
    zh="在数据上训练网络，观察每一层，并生成报告。",
)
DATA = Text(
    en="digits, iris, wine, breast_cancer or diabetes; a folder of images with one subfolder per class; "
    "MNIST's idx files; an .npz file.",
    zh="digits、iris、wine、breast_cancer 或 diabetes；每类一个子文件夹的图像文件夹；MNIST 的 idx 文件；.npz 文件。",
)
STRICT = Text(
    en="Refuse damaged files, and end with exit code 1 if a problem of severity error is found.",
    zh="遇到损坏的文件即报错；发现 error 级别的问题时以退出码 1 结束。",
)
PANELS = {
    "network": Text(en="The network", zh="网络"),
    "training": Text(en="The training", zh="训练"),
    "data": Text(en="The data", zh="数据"),
    "output": Text(en="Output", zh="输出"),
}
RESUME = Text(
    en="To go on, give the same command with: --resume --out {folder}",
    zh="要继续训练，请在同样的命令后加上：--resume --out {folder}",
)
LOADING = Text(en="Reading the data", zh="正在读取数据")
OPTIONS = {
    "network": Text(en="cnn or mlp; chosen from the data if not given.", zh="cnn 或 mlp；默认由数据决定。"),
    "hidden": Text(
        en="Widths of an MLP's hidden layers: 64,64 or 32x30 (30 layers of 32).",
        zh="MLP 隐藏层宽度：64,64 或 32x30（30 层，每层 32）。",
    ),
    "filters": Text(en="Filters of a CNN's convolutions: 32,64.", zh="CNN 各卷积层的滤波器数：32,64。"),
    "dense": Text(en="Units of a CNN's dense layer.", zh="CNN 全连接层的神经元数。"),
    "activation": Text(
        en="relu, leaky_relu, tanh, sigmoid, elu, selu, gelu, silu.",
        zh="relu、leaky_relu、tanh、sigmoid、elu、selu、gelu、silu。",
    ),
    "initializer": Text(
        en="he_normal, glorot_uniform, ...; follows from the activation.",
        zh="he_normal、glorot_uniform 等；默认随激活函数而定。",
    ),
    "normalization": Text(
        en="batch_normalization, layer_normalization or none.", zh="batch_normalization、layer_normalization 或 none。"
    ),
    "dropout": Text(en="Share of units dropped after dense layers, 0 to 1.", zh="全连接层之后随机丢弃的比例，0 到 1。"),
    "spatial_dropout": Text(
        en="Share of feature maps dropped after convolutions.", zh="卷积之后随机丢弃的特征图比例。"
    ),
    "l1": Text(en="L1 penalty on the weights.", zh="权重的 L1 惩罚。"),
    "l2": Text(en="L2 penalty on the weights, e.g. 1e-4.", zh="权重的 L2 惩罚，例如 1e-4。"),
    "optimizer": Text(
        en="adam, adamw, sgd, momentum, nesterov, rmsprop.", zh="adam、adamw、sgd、momentum、nesterov、rmsprop。"
    ),
    "learning_rate": Text(en="Follows from the optimizer if not given.", zh="默认随优化器而定。"),
    "schedule": Text(
        en="cosine if not given; constant, linear, exponential, step, inverse_time.",
        zh="默认 cosine；还有 constant、linear、exponential、step、inverse_time。",
    ),
    "warmup": Text(en="Steps over which the rate rises from 0.", zh="学习率从 0 升起的步数。"),
    "clip_value": Text(en="Clip every gradient value to this size.", zh="将每个梯度值裁剪到该大小。"),
    "clip_norm": Text(en="Clip the gradient of each weight to this L2 norm.", zh="将每个权重的梯度裁剪到该 L2 范数。"),
    "global_clip_norm": Text(en="Clip all gradients together to this L2 norm.", zh="将全部梯度一起裁剪到该 L2 范数。"),
    "weight_decay": Text(en="Decay of the weights, apart from the loss.", zh="独立于损失的权重衰减。"),
    "label_smoothing": Text(
        en="How much of each label is spread over the other classes.", zh="分给其他类别的标签比例。"
    ),
    "precision": Text(en="float32, mixed_bfloat16 or mixed_float16.", zh="float32、mixed_bfloat16 或 mixed_float16。"),
    "epochs": Text(
        en="Passes over the data: 30 for less than 5,000 samples, else 10.",
        zh="遍历数据的轮数：不足 5000 个样本时 30，否则 10。",
    ),
    "batch_size": Text(en="Samples of one step: 32, or all if fewer.", zh="每步的样本数：32，不足则取全部。"),
    "early_stopping": Text(
        en="Epochs without progress on validation data before it stops: 5; 0 for never.",
        zh="验证数据上多少轮没有进步就停止：默认 5；0 表示从不。",
    ),
    "balanced": Text(en="Weigh rare classes up in the loss.", zh="在损失中提高稀有类别的权重。"),
    "seed": Text(en="Fixes weights, order and dropout: 0.", zh="固定初始权重、顺序与 dropout：默认 0。"),
    "validation": Text(en="Share of the samples for validation: 0.1.", zh="用于验证的样本比例：默认 0.1。"),
    "test": Text(
        en="Share of the samples for the test, if the data have no test part: 0.2.",
        zh="用于测试的样本比例：默认 0.2（数据自带测试集时不用）。",
    ),
    "split_seed": Text(en="Fixes which samples are held out.", zh="固定哪些样本被留出。"),
    "image_size": Text(en="Side of the images, or HEIGHTxWIDTH.", zh="图像边长，或 高x宽。"),
    "task": Text(
        en="binary, multiclass or regression; seen from the data if not given.",
        zh="binary、multiclass 或 regression；默认由数据判断。",
    ),
    "out": Text(en="Folder of the run; runs/NAME-1, ... if not given.", zh="运行文件夹；默认为 runs/名称-1 等。"),
    "resume": Text(en="Go on with the unfinished run in --out.", zh="继续 --out 中未完成的运行。"),
    "every": Text(
        en="Look into the layers every so many steps; chosen from the measured cost if not given.",
        zh="每隔多少步查看各层；默认按实测开销选择。",
    ),
    "watch": Text(en="Look into the layers while training.", zh="训练时查看各层。"),
}


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
        activation: str | None = option(None, "activation", "network"),
        initializer: str | None = option(None, "initializer", "network"),
        normalization: str | None = option(None, "normalization", "network"),
        dropout: float | None = option(None, "dropout", "network"),
        spatial_dropout: float | None = option(None, "spatial_dropout", "network"),
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
