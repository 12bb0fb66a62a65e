"""From what a person asks for on the command line to everything a training needs; nothing is written yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainwell import networks
from trainwell.data import Dataset, load
from trainwell.engine import check
from trainwell.errors import SettingError
from trainwell.locales import Language, Text
from trainwell.report.facts import Choice
from trainwell.report.progress import TrainingProgress
from trainwell.workflows.run import Run
from trainwell.workflows.run_folder import free_name
from trainwell.workflows.train import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_PATIENCE,
    FEW_SAMPLES,
    default_batch_size,
    default_epochs,
    train,
)

ENOUGH_FOR_ACCURACY = 1000  # validation samples: their accuracy is known to within about 1 point
ENOUGH_TEXTS = (
    500  # of texts, where the loss misleads: it rises as the network grows too sure, while answers get better
)


@dataclass(frozen=True, eq=False)
class Plan:
    """A training that could begin now.

    Attributes:
        data: what it learns from.
        network: name of the network.
        model: built and compiled.
        choices: decisions to say aloud.
        settings: the arguments of `train`.
    """

    data: Dataset
    network: str
    model: Any
    choices: tuple[Choice, ...]
    settings: Mapping[str, Any]

    def train(self, *, progress: TrainingProgress | None, language: Language, command: str) -> Run:
        """Do it."""
        return train(
            self.model,
            self.data,
            **self.settings,
            network=self.network,
            choices=self.choices,
            progress=progress,
            language=language,
            command=command,
        )


def plan(
    source: Any,
    *,
    network: str | None = None,
    shape: Mapping[str, Any] | None = None,
    techniques: Mapping[str, Any] | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    early_stopping: int | None = None,
    balanced: bool = False,
    seed: int = 0,
    load_options: Mapping[str, Any] | None = None,
    out: Path | None = None,
    resume: bool = False,
    watch: bool = True,
    every: int | None = None,
) -> Plan:
    """Load the data, build the network, settle what was not asked for.

    Args:
        source: what `load` takes.
        network: name of the network; chosen by the kind of the data if not given.
        shape: the network's own settings: hidden, filters, dense.
        techniques: what `networks.recipe` takes.
        epochs: as `train` takes it.
        batch_size: as `train` takes it.
        early_stopping: patience in epochs; 0 never stops early; 5 if not given and there is a validation part.
        balanced: weigh classes by their rarity.
        seed: of weights, order and dropout.
        load_options: more arguments of `load`.
        out: folder of the run; the first free runs/DATA-NETWORK-1, ... if not given.
        resume: go on with the unfinished run in `out`.
        watch: look into the layers.
        every: look at every so many steps.

    Raises:
        InputError: anything asked for cannot work.
    """
    _check_before_loading(network, techniques or {})
    data = load(source, **(load_options or {}))
    name = network or networks.default_network(data)
    samples = len(data.train)
    advice = networks.find(name).training(data)
    planned = _advised(advice, "epochs", default_epochs(samples)) if epochs is None else epochs
    own_batch = min(_advised(advice, "batch_size", default_batch_size(samples)), samples)
    batch = own_batch if batch_size is None else batch_size
    steps = max(1, planned * math.ceil(samples / max(batch, 1)))
    default_schedule = not (techniques or {}).get("schedule")
    asked = {**(techniques or {}), **({"schedule": "cosine"} if default_schedule else {})}
    built = networks.build(name, data, steps=steps, seed=seed, **(shape or {}), **asked)
    check(built.model, samples, planned, batch)
    few = batch < DEFAULT_BATCH_SIZE
    own_patience = _advised(advice, "early_stopping", DEFAULT_PATIENCE) if len(data.validation) else 0
    patience = own_patience if early_stopping is None else early_stopping
    # accuracy is what counts, but on few samples it is too coarse to choose an epoch by: the loss is finer
    enough = ENOUGH_TEXTS if data.kind == "text" else ENOUGH_FOR_ACCURACY
    by_accuracy = data.classifies and len(data.validation) >= enough
    monitor = "val_accuracy" if by_accuracy else "val_loss"
    return Plan(
        data=data,
        network=name,
        model=built.model,
        choices=(
            _network_choice(name, network),
            *(
                Choice(
                    one.setting, one.value, RATE_FALLS if default_schedule and one.setting == "schedule" else one.reason
                )
                for one in built.choices
            ),
            *(_epochs_choices(advice, planned, samples) if epochs is None else []),
            *(_batch_choices(advice, batch, few=few) if batch_size is None else []),
            *([_stopping_choice(patience, monitor)] if patience and early_stopping is None else []),
        ),
        settings={
            "epochs": planned,
            "batch_size": batch,
            "class_weight": _balanced(data) if balanced else None,
            "seed": seed,
            "early_stopping": patience or None,
            "monitor": monitor,
            "out": out or (None if resume else free_name(Path("runs"), f"{data.name}-{name}")),
            "resume": resume,
            "watch": watch,
            "every": every,
        },
    )


def _advised(advice: Mapping[str, networks.Default], name: str, otherwise: int) -> int:
    """What the network takes by itself, or the rule for all networks."""
    return int(advice[name].value) if name in advice else otherwise


def _advised_choice(advice: Mapping[str, networks.Default], name: str, value: int) -> Choice | None:
    return Choice(name, str(value), advice[name].reason) if name in advice else None


def _epochs_choices(advice: Mapping[str, networks.Default], planned: int, samples: int) -> list[Choice]:
    few = samples < FEW_SAMPLES
    rule = Text(
        en=f"{'less' if few else 'no less'} than {FEW_SAMPLES:,} training samples",
        zh=f"训练样本{'少于' if few else '不少于'} {FEW_SAMPLES:,} 个",
    )
    return [_advised_choice(advice, "epochs", planned) or Choice("epochs", str(planned), rule)]


def _batch_choices(advice: Mapping[str, networks.Default], batch: int, *, few: bool) -> list[Choice]:
    advised = _advised_choice(advice, "batch_size", batch)
    return [advised] if advised else [Choice("batch_size", str(batch), FEW_FOR_A_BATCH)] if few else []


def _check_before_loading(network: str | None, techniques: Mapping[str, Any]) -> None:
    """A misspelt name is told at once, not after minutes of loading."""
    networks.recipe(**techniques)
    if network is not None:
        networks.find(network)


def _balanced(data: Dataset) -> dict[int, float]:
    """Weights by which every class counts alike in the loss: samples / (classes x samples of the class)."""
    if not data.classifies:
        raise SettingError(
            Text(
                en="--balanced: in this task there is no class of each sample to balance; leave it out",
                zh="--balanced：该任务的样本不属于单一类别，无法平衡；请去掉",
            )
        )
    counts = np.bincount(data.train.y, minlength=len(data.class_names))
    return {label: float(len(data.train.y) / (len(counts) * count)) for label, count in enumerate(counts)}


def _network_choice(name: str, asked: str | None) -> Choice:
    if asked is not None:
        return Choice("network", name, Text(en="as asked", zh="按您的要求"))
    return Choice("network", name, Text(en="suits data of this kind", zh="适合这类数据"))


def _stopping_choice(patience: int, monitor: str) -> Choice:
    by_accuracy = monitor == "val_accuracy"
    reason = Text(
        en=f"stops when the validation {'accuracy' if by_accuracy else 'loss'} has not got better for so many epochs, "
        "and keeps the best weights",
        zh=f"验证{'准确率' if by_accuracy else '损失'}连续这么多轮没有变好就停止，并保留最好的权重",
    )
    return Choice("early_stopping", str(patience), reason)


FEW_FOR_A_BATCH = Text(en="all training samples at once: there are few", zh="训练样本很少，每步使用全部样本")
RATE_FALLS = Text(
    en="the rate falls to 0 towards the end, which usually gains some accuracy (Loshchilov & Hutter 2017)",
    zh="学习率在训练末尾降到 0，通常能提高一些准确率（Loshchilov & Hutter，2017）",
)
