"""Ask a trained network about new data, as raw as those it learned from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainwell.data.files.array_file import SUFFIXES, read_array_file
from trainwell.data.formats import InputFormat, Samples, format_from_json
from trainwell.errors import DataError, FolderError, SettingError
from trainwell.locales import Text
from trainwell.report.facts import RunFacts
from trainwell.workflows.run import Run, load_model, open_run
from trainwell.workflows.run_folder import FACTS, INPUT
from trainwell.workflows.scoring.answers import predict as outputs_of
from trainwell.workflows.scoring.answers import probabilities

LIKELY = 0.5  # a label is given from this probability on


@dataclass(frozen=True)
class Prediction:
    """The answer for one sample.

    Attributes:
        name: the file, the row of a table, or the place in the array.
        answer: name of the likeliest class; the likely labels, joined by ", ", where there may be several; the value
            (of the first target) where numbers are predicted.
        probability: of the class, or of the least likely of the labels, 0..1; None for numbers.
        probabilities: class or label name -> probability; target name -> value where numbers are predicted.
        shown: the sample as a person reads it, "" if the name is enough.
    """

    name: str
    answer: str | float
    probability: float | None
    probabilities: Mapping[str, float]
    shown: str = ""


def predict(run: Run | str | Path, source: Any, *, strict: bool = False) -> tuple[list[Prediction], list[Text]]:
    """What the network answers for new, raw data.

    Args:
        run: a run, its folder, or a .keras file (then classes are numbers, unless it stands in a run's folder).
        source: what the kind of the data is read from (an image, a text, a sound file, a folder or table of them), an
            .npy or .npz file, or arrays (samples, ...), as raw as the data it was trained on.
        strict: refuse a damaged sample instead of leaving it out.

    Returns:
        One answer per sample, in the order of the files or the array; and what was left out or replaced, to be told.

    Raises:
        FolderError: run or source are not there.
        ModelError: the model file is not one.
        DataError: the source does not fit the network.
        SettingError: the network writes text, which `generate` asks for.
    """
    model, facts, form = open_model(run)
    task = facts.data.task if facts is not None else None
    if task == "language_model":
        raise SettingError(
            Text(
                en="this network continues text; use trainwell generate RUN --prompt '...'",
                zh="该网络用于续写文本；请使用 trainwell generate RUN --prompt '...'",
            )
        )
    samples = _read(source, model, form, strict=strict)
    outputs = outputs_of(model, samples.x)
    shown = samples.shown or ("",) * len(samples.names)
    if facts is not None and task in ("regression", "forecasting"):
        answers = _numbers(samples.names, outputs, facts)
    elif facts is not None and task == "multilabel":
        answers = _labels(samples.names, outputs, facts.data.class_names)
    else:
        table = probabilities(outputs)
        known = facts.data.class_names if facts is not None else ()
        answers = _classes(samples.names, table, known or tuple(str(i) for i in range(table.shape[1])))
    said = [
        Prediction(one.name, one.answer, one.probability, one.probabilities, text)
        for one, text in zip(answers, shown, strict=True)
    ]
    return said, [note.text for note in samples.notes]


def _numbers(names: tuple[str, ...], outputs: Any, facts: RunFacts) -> list[Prediction]:
    count = outputs.shape[1]
    targets = facts.data.target_names or tuple(f"y{i}" if count > 1 else "y" for i in range(count))
    return [
        Prediction(name, float(row[0]), None, dict(zip(targets, map(float, row), strict=True)))
        for name, row in zip(names, outputs, strict=True)
    ]


def _labels(names: tuple[str, ...], outputs: Any, labels: tuple[str, ...]) -> list[Prediction]:
    answers: list[Prediction] = []
    for name, row in zip(names, outputs, strict=True):
        likely = [i for i, share in enumerate(row) if share >= LIKELY]
        least = min((float(row[i]) for i in likely), default=float(1 - row.max()))
        given = ", ".join(labels[i] for i in likely)
        answers.append(Prediction(name, given, least, dict(zip(labels, map(float, row), strict=True))))
    return answers


def _classes(names: tuple[str, ...], table: Any, classes: tuple[str, ...]) -> list[Prediction]:
    answers: list[Prediction] = []
    for name, row in zip(names, table, strict=True):
        best = int(row.argmax())
        answers.append(
            Prediction(name, classes[best], float(row[best]), dict(zip(classes, map(float, row), strict=True)))
        )
    return answers


def open_model(run: Run | str | Path) -> tuple[Any, RunFacts | None, InputFormat | None]:
    """Model, facts and input format of a run, its folder, or a .keras file; what is not there is None.

    Raises:
        FolderError: there is no run and no model.
        ModelError: the model file is not one.
    """
    if isinstance(run, Run):
        return run.model, run.facts, read_format(run.folder)
    path = Path(run)
    if not path.exists():
        raise FolderError(
            Text(
                en=f"no run or model at {str(path)!r}; give the folder of a run or a .keras file",
                zh=f"{str(path)!r} 处没有运行或模型；请给出运行文件夹或 .keras 文件",
            )
        )
    if path.is_dir():
        opened = open_run(path)
        return opened.model, opened.facts, read_format(path)
    facts = open_run(path.parent).facts if (path.parent / FACTS).is_file() else None
    return load_model(path), facts, read_format(path.parent) if facts is not None else None


def read_format(folder: Path) -> InputFormat | None:
    """How the inputs of the run in this folder are read; None if its inputs were arrays.

    Raises:
        FolderError: the file is damaged.
    """
    path = folder / INPUT
    if not path.is_file():
        return None
    try:
        return format_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise FolderError(
            Text(
                en=f"{str(path)!r} is damaged ({error!s:.80}); give the folder of a run, unchanged",
                zh=f"{str(path)!r} 已损坏（{error!s:.80}）；请给出未经改动的运行文件夹",
            )
        ) from error


def _read(source: Any, model: Any, form: InputFormat | None, *, strict: bool) -> Samples:
    """New samples that fit the network."""
    shape = tuple(model.input_shape[1:])
    if form is None and len(shape) == 3 and None not in shape:
        from trainwell.data.formats.image import ImageFormat

        form = ImageFormat(*shape)
    samples = form.read(source, strict=strict) if form is not None else _arrays(source, shape)
    given = samples.x.shape[1:]
    if len(given) != len(shape) or any(want not in (None, side) for want, side in zip(shape, given, strict=True)):
        raise DataError(
            Text(
                en=f"the network takes samples of shape {shape}, given {given}; give data as those it was trained on",
                zh=f"网络的输入形状为 {shape}，给出的是 {given}；请提供与训练数据相同形式的数据",
            )
        )
    return samples


def _arrays(source: Any, shape: tuple[int | None, ...]) -> Samples:
    """Plain arrays, in memory or in a NumPy file."""
    x: Any = np.asarray(source)
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.exists():
            raise FolderError(
                Text(
                    en=f"nothing to predict at {str(path)!r}; give an .npy or .npz file",
                    zh=f"{str(path)!r} 处没有可预测的内容；请给出 .npy 或 .npz 文件",
                )
            )
        if path.suffix not in SUFFIXES:
            raise DataError(
                Text(
                    en=f"this network takes arrays of shape {shape}, not {path.suffix or 'folders'}; "
                    "give an .npy or .npz file",
                    zh=f"该网络的输入是形状为 {shape} 的数组，而不是 {path.suffix or '文件夹'}；"
                    "请给出 .npy 或 .npz 文件",
                )
            )
        x = read_array_file(path)
    return Samples(tuple(f"#{i}" for i in range(len(x))), x)
