"""Ask a trained network about new data: an image, a folder of images, or arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainwell.data.images import DamagedImageError, decode, image_paths
from trainwell.errors import DataError, FolderError
from trainwell.locales import Text
from trainwell.report.facts import RunFacts
from trainwell.workflows.run import Run, load_model, open_run
from trainwell.workflows.run_folder import FACTS
from trainwell.workflows.scores import predict as outputs_of
from trainwell.workflows.scores import probabilities


@dataclass(frozen=True)
class Prediction:
    """The answer for one sample.

    Attributes:
        name: the file, or the place in the array.
        answer: name of the likeliest class; for regression the value (the first target).
        probability: of that class, 0..1; None for regression.
        probabilities: class name -> probability; for regression target -> value.
    """

    name: str
    answer: str | float
    probability: float | None
    probabilities: Mapping[str, float]


def predict(run: Run | str | Path, source: Any, *, strict: bool = False) -> tuple[list[Prediction], list[Text]]:
    """What the network answers for new, raw data.

    Args:
        run: a run, its folder, or a .keras file (then classes are numbers).
        source: an image file, a folder of images, an .npy or .npz file, or an array (samples, ...), as raw as the
            data it was trained on.
        strict: refuse a damaged image instead of leaving it out.

    Returns:
        One answer per sample, in the order of the files or the array; and what was left out, to be told.

    Raises:
        FolderError: run or source are not there.
        ModelError: the model file is not one.
        DataError: the source does not fit the network.
    """
    model, facts = _model(run)
    shape = tuple(model.input_shape[1:])
    names, x, skipped = _read(source, shape, strict=strict)
    if x.shape[1:] != shape:
        raise DataError(
            Text(
                en=f"the network takes samples of shape {shape}, given {x.shape[1:]}; "
                "give data as those it was trained on",
                zh=f"网络的输入形状为 {shape}，给出的是 {x.shape[1:]}；请提供与训练数据相同形式的数据",
            )
        )
    outputs = outputs_of(model, x)
    if facts is not None and facts.data.task == "regression":
        return [
            Prediction(
                name, float(row[0]), None, {f"y{i}" if len(row) > 1 else "y": float(v) for i, v in enumerate(row)}
            )
            for name, row in zip(names, outputs, strict=True)
        ], skipped
    table = probabilities(outputs)
    classes = facts.data.class_names if facts is not None and facts.data.class_names else _numbers(table.shape[1])
    answers: list[Prediction] = []
    for name, row in zip(names, table, strict=True):
        best = int(row.argmax())
        answers.append(
            Prediction(name, classes[best], float(row[best]), dict(zip(classes, map(float, row), strict=True)))
        )
    return answers, skipped


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(i) for i in range(count))


def _model(run: Run | str | Path) -> tuple[Any, RunFacts | None]:
    if isinstance(run, Run):
        return run.model, run.facts
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
        return opened.model, opened.facts
    beside = path.parent / FACTS
    return load_model(path), open_run(path.parent).facts if beside.is_file() else None


def _read(source: Any, shape: tuple[int, ...], *, strict: bool) -> tuple[list[str], Any, list[Text]]:
    """Names, samples (samples, ...) and what was skipped."""
    if not isinstance(source, str | Path):
        x = np.asarray(source)
        return [f"#{i}" for i in range(len(x))], x, []
    path = Path(source)
    if not path.exists():
        raise FolderError(
            Text(
                en=f"nothing to predict at {str(path)!r}; give an image, a folder of images or an .npy or .npz file",
                zh=f"{str(path)!r} 处没有可预测的内容；请给出图像、图像文件夹或 .npy、.npz 文件",
            )
        )
    if path.suffix in (".npy", ".npz"):
        x = _array(path)
        return [f"#{i}" for i in range(len(x))], x, []
    if len(shape) != 3:
        raise DataError(
            Text(
                en=f"this network takes rows of {shape[-1]} numbers, not images; give an .npy or .npz file",
                zh=f"该网络的输入是 {shape[-1]} 个数值的行，而不是图像；请给出 .npy 或 .npz 文件",
            )
        )
    names: list[str] = []
    images: list[Any] = []
    skipped: list[Text] = []
    found = image_paths(path)
    for file in found:
        try:
            images.append(decode(file, size=(shape[0], shape[1]), channels=shape[2]))
            names.append(str(file))
        except DamagedImageError as error:
            if strict or len(found) == 1:
                raise
            skipped.append(error.message)
    if not images:
        raise DataError(
            Text(
                en=f"no image could be read in {str(path)!r}; give JPEG, PNG, WebP, GIF or BMP files",
                zh=f"{str(path)!r} 中没有可读取的图像；请提供 JPEG、PNG、WebP、GIF 或 BMP 文件",
            )
        )
    return names, np.stack(images), skipped


def _array(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            loaded: Any = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                return loaded
            keys = [key for key in ("x", "X", "x_test", "data", "images") if key in loaded.files]
            if keys:
                return loaded[keys[0]]
    except (ValueError, OSError, EOFError) as error:
        raise DataError(
            Text(
                en=f"{str(path)!r} is not a NumPy file of plain numbers; save it with numpy.save or numpy.savez",
                zh=f"{str(path)!r} 不是存放数值的 NumPy 文件；请用 numpy.save 或 numpy.savez 保存",
            )
        ) from error
    raise DataError(
        Text(
            en=f"{str(path)!r} has no array named x, X, x_test, data or images; save the samples under one of them",
            zh=f"{str(path)!r} 中没有名为 x、X、x_test、data 或 images 的数组；请用其中一个名称保存样本",
        )
    )
