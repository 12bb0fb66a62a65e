"""What a problem is: what it looks at, what it says, and the check that finds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from trainwell.diagnosis.facts import Facts
from trainwell.diagnosis.finding import Cause, Finding, NotChecked, Remedy
from trainwell.locales import Text
from trainwell.signals import Observer, all_measures

Entry = TypeVar("Entry", Cause, Remedy)

_NO_LAYERS = Text(
    en="{measure} was not recorded for {layers}; watch the training with this measure",
    zh="未记录 {layers} 的{measure}；请在训练时记录该度量",
)
_FEW_ROWS = Text(
    en="{rows} steps were looked into, {least} are needed; train longer or look at more steps",
    zh="只查看了 {rows} 个训练步，至少需要 {least} 个；请延长训练或更频繁地查看",
)
_NO_STEPS = Text(en="no step of the training was recorded", zh="没有记录到任何训练步")
_FEW_EPOCHS = Text(
    en="{epochs} epochs have a {column}, {least} are needed; give validation data and train for longer",
    zh="只有 {epochs} 轮记录了 {column}，至少需要 {least} 轮；请提供验证数据并训练更久",
)
_NO_FACT = Text(en="the {fact} is not known", zh="不知道{fact}")


@dataclass(frozen=True)
class Threshold:
    """A number that a check compares with.

    Attributes:
        name: identifier within the problem.
        value: the number.
        unit: its unit; "" for pure numbers, "share" for 0..1, "times" for factors.
        what: what is compared with it.
        source: where it comes from: a paper, another tool's default, or the reasoning behind it.
    """

    name: str
    value: float
    unit: str
    what: Text
    source: Text


@dataclass(frozen=True)
class Needs:
    """What must be there for a check; the doctor says "not checked" where it is not.

    Attributes:
        measures: of layers; each must be recorded for every layer to which it applies.
        looks: least number of recorded steps of the layers.
        steps: whether the numbers of the whole step are needed.
        epoch_columns: columns of the history.
        epochs: least number of epochs that have them.
        facts: names of attributes of `Facts` that must be known.
    """

    measures: tuple[str, ...] = ()
    looks: int = 0
    steps: bool = False
    epoch_columns: tuple[str, ...] = ()
    epochs: int = 0
    facts: tuple[str, ...] = ()


def _always(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    return True


@dataclass(frozen=True)
class Origin:
    """A problem that may bring another one about.

    Attributes:
        problem: identifier of the cause.
        fits: (symptom, cause) -> whether this cause can explain this symptom; that both were found and the cause did
            not begin later is checked anyway.
    """

    problem: str
    fits: Callable[[Finding, Finding], bool] = _always


def too_large(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    """Whether the cause is something that is too large (and not too small)."""
    return any(evidence.comparison == ">" for evidence in cause.evidence)


def hopeless(symptom: Finding, cause: Finding) -> bool:  # noqa: ARG001
    """Whether with this cause nothing can be learned."""
    return cause.severity == "error"


@dataclass(frozen=True)
class Problem:
    """One entry of the catalogue.

    Attributes:
        identifier: the same as its file's name.
        title: its name for a person.
        explanation: what it is and why it hurts, plainly, with an analogy.
        needs: what must be recorded and known.
        thresholds: every number that the check compares with.
        causes: possible causes, the commonest first; a finding puts the likeliest for its case first.
        remedies: what to try, the likeliest to help first.
        check: gives what it found (nothing for a sound training), or why it could not look. Called only if `needs`
            is met.
        symptom_of: problems that may bring this one about, the likeliest first.
    """

    identifier: str
    title: Text
    explanation: Text
    needs: Needs
    thresholds: tuple[Threshold, ...]
    causes: tuple[Cause, ...]
    remedies: tuple[Remedy, ...]
    check: Callable[[Facts], Sequence[Finding] | NotChecked]
    symptom_of: tuple[Origin, ...] = ()

    @property
    def before_training(self) -> bool:
        """Whether it can be seen before the first step: in the contract alone."""
        needs = self.needs
        return needs.facts == ("contract",) and not (
            needs.measures or needs.looks or needs.steps or needs.epoch_columns
        )

    def look(self, facts: Facts) -> Sequence[Finding] | NotChecked:
        """What the check says, or why it could not look."""
        missing = self.missing(facts)
        return self.check(facts) if missing is None else NotChecked(self.identifier, self.title, missing)

    def missing(self, facts: Facts) -> Text | None:
        """What of `needs` is not there, as a reason to read; None if all is."""
        needs, recording = self.needs, facts.recording
        if needs.steps and not len(recording.run_rows):
            return _NO_STEPS
        wanted = Observer([measure for measure in all_measures() if measure.name in needs.measures])
        columns = wanted.layout(recording.layers).columns
        titles = {measure.name: measure.title for measure in all_measures()}
        for name in needs.measures:
            lacking = [layer for measure, layer in columns if measure == name and not recording.has(measure, layer)]
            if lacking:
                return _NO_LAYERS.format(measure=titles[name], layers=", ".join(lacking[:3]))
        rows = len(recording.layer_rows)
        if columns and rows < needs.looks:
            return _FEW_ROWS.format(rows=rows, least=needs.looks)
        for column in needs.epoch_columns:
            epochs = sum(column in epoch for epoch in recording.epochs)
            if epochs < needs.epochs:
                return _FEW_EPOCHS.format(epochs=epochs, column=column, least=needs.epochs)
        for name in needs.facts:
            if getattr(facts, name) is None:
                return _NO_FACT.format(fact=FACT_NAMES.get(name, Text(name, name)))
        return None


FACT_NAMES = {
    "batch_size": Text(en="batch size", zh="批次大小"),
    "contract": Text(en="contract of data, last layer and loss", zh="数据、输出层与损失之间的约定"),
    "trivial_loss": Text(en="loss of the trivial predictor", zh="平凡预测的损失"),
}


def with_rate(remedies: Sequence[Remedy], facts: Facts) -> tuple[Remedy, ...]:
    """The remedies, the one that lowers the learning rate with a value: a tenth of the largest that was used."""
    rates = facts.recording.run("learning_rate").maximum
    rates = rates[np.isfinite(rates)]
    if not len(rates):
        return tuple(remedies)
    option = f"--learning-rate {float(rates.max()) / 10:.3g}"
    return tuple(replace(one, option=option) if one.code == "learning_rate" else one for one in remedies)


def first_ones(entries: Sequence[Entry], *codes: str) -> tuple[Entry, ...]:
    """The entries with these codes first, in this order, then the others."""
    named = [entry for code in codes for entry in entries if entry.code == code]
    return (*named, *(entry for entry in entries if entry.code not in codes))
