"""Everything a report says about a run, as plain data; together with the `Recording` it is all a report is made from.

Nothing here needs Keras or JAX: a report can be made again, in either language, from a run's folder alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal

from trainwell.data.dataset import Dataset, Note
from trainwell.diagnosis.facts import Told
from trainwell.diagnosis.finding import Diagnosis
from trainwell.errors import FolderError
from trainwell.locales import Text

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
Stopped = Literal["early_stopping", "callback", "interrupted", "not_finite"]


@dataclass(frozen=True)
class DataFacts:
    """What was learned from.

    Attributes:
        name: short name of the data.
        kind: "image", "table", ...
        task: "binary", "multiclass", "multilabel", "regression", "forecasting" or "language_model".
        input_shape: of one sample.
        class_names: one per class or label; () where there are none.
        samples: part -> number of samples.
        class_counts: part -> samples of each class, in class order; empty for regression.
        notes: what was decided or noticed while loading.
        source: what was given to load.
        fingerprint: SHA-256 of the contents, hex digits.
        target_names: what is predicted, one name per output where numbers are predicted, or ().
    """

    name: str
    kind: str
    task: str
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    samples: Mapping[Part, int]
    class_counts: Mapping[Part, tuple[int, ...]]
    notes: tuple[Note, ...] = ()
    source: str = ""
    fingerprint: str = ""
    target_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Dataset) -> DataFacts:
        """The facts of a data set.

        >>> from trainwell.data import load
        >>> facts = DataFacts.of(load("iris"))
        >>> facts.task, facts.class_names, sum(facts.samples.values())
        ('multiclass', ('setosa', 'versicolor', 'virginica'), 150)
        """
        parts = dict(zip(PARTS, data.parts, strict=True))
        return cls(
            name=data.name,
            kind=data.kind,
            task=data.task,
            input_shape=data.input_shape,
            class_names=data.class_names,
            samples={part: len(split) for part, split in parts.items()},
            class_counts={
                part: tuple(data.class_counts(split).values()) for part, split in parts.items() if data.class_names
            },
            notes=data.notes,
            source=data.source,
            fingerprint=data.fingerprint,
            target_names=data.target_names,
        )


@dataclass(frozen=True)
class LayerRow:
    """One layer of the network, in the order of the data's way.

    Attributes:
        name: path inside the model.
        kind: Keras class name.
        output_shape: without the batch axis.
        parameters: numbers the layer holds, trainable or not.
        activation: name, or None.
        initializer: name of the initializer of its largest weight, or None.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    activation: str | None = None
    initializer: str | None = None


@dataclass(frozen=True)
class NetworkFacts:
    """The network: its name ("cnn", or the Keras class), its layers, and how many numbers it holds."""

    name: str
    layers: tuple[LayerRow, ...]
    parameters: int


@dataclass(frozen=True)
class Choice:
    """One setting of the training, its value as a person would write it, and why it is so."""

    setting: str
    value: str
    reason: Text


@dataclass(frozen=True)
class TrainingFacts:
    """How the training went.

    Attributes:
        epochs_planned: epochs asked for.
        epochs_done: epochs finished.
        steps: steps done.
        batch_size: samples of one step.
        seed: of weights, order and split.
        seconds: wall time of the training with validation.
        total_seconds: wall time of the whole command, None if not known.
        stopped: why it ended before its last epoch, None if it did not.
        kept_epoch: the epoch whose weights were kept, None if the last.
        step_milliseconds: median time of one step.
        peak_memory_mb: largest resident memory of the process in MB (10⁶ bytes).
        watched_every: the layers were looked at every so many steps, None if they were not.
        watching_cost: what one look costs, as a share of the time of an unwatched step; None if not measured.
    """

    epochs_planned: int
    epochs_done: int
    steps: int
    batch_size: int
    seed: int
    seconds: float
    total_seconds: float | None = None
    stopped: Stopped | None = None
    kept_epoch: int | None = None
    step_milliseconds: float | None = None
    peak_memory_mb: float | None = None
    watched_every: int | None = None
    watching_cost: float | None = None


@dataclass(frozen=True)
class Mistake:
    """A sample of the test part that was answered wrongly.

    Attributes:
        name: where it came from (a file), or its place in the data.
        true: name of its class.
        predicted: name of the class it was given.
        probability: of the predicted class, 0..1.
        thumbnail: PNG as base64 (see `thumbnail.thumbnail`), None where there is no picture.
        text: the sample in words, None where it has none.
    """

    name: str
    true: str
    predicted: str
    probability: float
    thumbnail: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Predictions:
    """Regression: true and predicted values of one target on the test part, (samples,) each, in the target's unit."""

    target: str
    true: tuple[float, ...]
    predicted: tuple[float, ...]


@dataclass(frozen=True)
class Rival:
    """A predictor to beat that the data bring along: what it says ("last known value"), and its metrics on the test."""

    title: Text
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Scores:
    """How good the network is.

    Attributes:
        train: metric -> value: "loss", "accuracy", "balanced_accuracy", or "mae", "rmse", "r2".
        validation: likewise; empty if there is no such part.
        test: likewise.
        baseline: metric -> value of the trivial predictor on the test part: always the commonest class, always the
            mean target of the training part, the last known value, ...
        baseline_name: which one that is; None for the commonest class or the mean.
        rivals: other predictors to beat on the test part.
        confusion: rows are true classes, columns predicted ones: samples of the test part; () if there is none.
        mistakes: the most confidently wrong samples of the test part, the surest first.
        mistake_count: all wrong samples of the test part; None if not known.
        predictions: where numbers are predicted, one per target.
    """

    train: Mapping[str, float]
    validation: Mapping[str, float] = field(default_factory=dict[str, float])
    test: Mapping[str, float] = field(default_factory=dict[str, float])
    baseline: Mapping[str, float] = field(default_factory=dict[str, float])
    baseline_name: Text | None = None
    rivals: tuple[Rival, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    mistake_count: int | None = None
    predictions: tuple[Predictions, ...] = ()

    def of(self, part: Part) -> Mapping[str, float]:
        """The metrics of one part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[part]


@dataclass(frozen=True)
class Hardware:
    """The machine: processor model, cores, memory in GB (10⁹ bytes), the devices JAX computed on, system."""

    cpu: str
    cores: int
    memory_gb: float | None
    devices: tuple[str, ...]
    system: str


@dataclass(frozen=True)
class Origin:
    """What is needed to get the run again.

    Attributes:
        command: to type, or the call in Python.
        date: when it began, ISO 8601.
        versions: package -> version.
        hardware: the machine, None if not known.
        blueprint_hash: of the blueprint, hex digits; "" if the model has none.
        keras_code: the network and its compile settings as Keras code; "" if it cannot be written so.
    """

    command: str
    date: str
    versions: Mapping[str, str]
    hardware: Hardware | None = None
    blueprint_hash: str = ""
    keras_code: str = ""


@dataclass(frozen=True)
class Written:
    """A piece of text that a language model wrote after the training: what it was given, and what it went on with."""

    prompt: str
    text: str
    temperature: float
    seed: int


@dataclass(frozen=True)
class RunFacts:
    """Everything a report says about a run, except its curves, which are in the `Recording`.

    `told` is what the doctor was told, so that a run can be diagnosed again.
    """

    data: DataFacts
    network: NetworkFacts
    training: TrainingFacts
    scores: Scores
    diagnosis: Diagnosis
    origin: Origin
    choices: tuple[Choice, ...] = ()
    written: Written | None = None
    told: Told = field(default_factory=Told, compare=False)  # holds NaN, which equals nothing

    __pydantic_config__: ClassVar[Any] = {"ser_json_inf_nan": "strings"}  # NaN survives, and the JSON stays strict

    def to_json(self) -> str:
        """As JSON text, both languages inside."""
        return _adapter().dump_json(self, indent=1).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> RunFacts:
        """Back from JSON text.

        Raises:
            FolderError: the text is not what `to_json` writes.
        """
        from pydantic import ValidationError

        try:
            return _adapter().validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(step) for step in first["loc"])
            raise FolderError(
                Text(
                    en=f"these are not the facts of a trainwell run: {place or 'text'}: {first['msg']}; "
                    "give the folder of a run, unchanged",
                    zh=f"这不是 trainwell 的运行记录：{place or '文本'}：{first['msg']}；请给出未经改动的运行文件夹",
                )
            ) from error


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(RunFacts)
