"""Pictures of what a network has learned, from real test samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data import Dataset
from trainwell.data.padding import STEP
from trainwell.explain.learned import Example, Learned, explain
from trainwell.report import numbers
from trainwell.workflows.scoring.answers import predict, probabilities

EXAMPLES = 8
CANDIDATES = 256  # test samples among which examples are looked for
Array = npt.NDArray[Any]


def explanation(model: Any, data: Dataset) -> tuple[Learned, ...]:
    """Everything that can be shown of this network; () for data without a test part."""
    if not len(data.test):
        return ()
    return explain(model, examples(model, data))


def examples(model: Any, data: Dataset) -> tuple[Example, ...]:
    """Test samples the network is surest about and right, of different classes first; the first ones otherwise."""
    x, y = data.test.x[:CANDIDATES], data.test.y[:CANDIDATES]
    if not data.classifies:
        outputs = predict(model, x[:EXAMPLES]) if data.task != "language_model" else None
        return tuple(_example(data, x[i], *_numbers(data, y[i], outputs, i)) for i in range(min(EXAMPLES, len(x))))
    table = probabilities(predict(model, x))
    answers = table.argmax(axis=1)
    sure = table[np.arange(len(x)), answers] * (answers == y)
    order = np.argsort(-sure, kind="stable")
    first = {int(y[i]): int(i) for i in reversed(order)}  # the surest of each class
    chosen = [*first.values(), *(int(i) for i in order if int(i) not in first.values())][:EXAMPLES]
    return tuple(
        _example(
            data,
            x[i],
            data.class_names[int(y[i])],
            f"{data.class_names[int(answers[i])]} ({numbers.percent(float(table[i, answers[i]]))})",
        )
        for i in chosen
    )


def _numbers(data: Dataset, y: Array, outputs: Array | None, place: int) -> tuple[str, str]:
    """What a sample is and what the network says, where there are no classes."""
    if outputs is None:
        return "", ""
    if data.task == "multilabel":
        said = [name for name, share in zip(data.class_names, outputs[place], strict=True) if share >= 0.5]
        true = [name for name, one in zip(data.class_names, y, strict=True) if one]
        return ", ".join(true), ", ".join(said)
    return numbers.number(float(y[0])), numbers.number(float(outputs[place, 0]))


def _example(data: Dataset, sample: Array, label: str, answer: str) -> Example:
    """One sample without its padding."""
    form: Any = data.format
    steps: tuple[str, ...] = ()
    per_step = None
    if data.kind == "text":
        sample = sample[: max(1, int(np.count_nonzero(sample)))]
        steps = tuple(form.token_text(int(token)) for token in sample)
    elif data.kind == "sequence":
        sample = sample[: max(1, int((sample != STEP).any(axis=-1).sum()))]
    elif data.kind == "audio":
        sample = sample[: int(np.flatnonzero(sample).max(initial=0)) + 1]
        per_step = 1 / form.sample_rate
    channels = data.column_names if data.kind in ("sequence", "table") else ()
    filling = STEP if data.kind == "sequence" else None
    return Example(sample[None], label, answer, steps, channels, data.kind, per_step, filling)
