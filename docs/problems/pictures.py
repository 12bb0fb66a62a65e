"""The picture of each problem: one measure, or one look at the data, in the broken and in the mended training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trainwell.diagnosis import Contract, Diagnosis, all_problems
from trainwell.report.figures.canvas import (
    ACCENT,
    ALARM,
    QUIET,
    SECOND,
    calm,
    canvas,
    legend,
    logarithmic,
    mark_nonfinite,
    named,
    positive,
    whole_numbers,
)
from trainwell.report.figures.timeline import layers_with, timeline
from trainwell.signals import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]
COLOURS = {"broken": SECOND, "mended": ACCENT}
POINTS = 90  # of a line: enough to see it swing
STEP, EPOCH = "training step", "epochs"
LOG_RANGE = 30.0


@dataclass(frozen=True, eq=False)
class Patient:
    """One training of an example, and what the doctor said.

    Attributes:
        model: trained where the example trains.
        x: inputs.
        y: targets.
        settings: of the training.
        diagnosis: of the doctor.
        contract: of model and data before the first step.
        recording: None where nothing was trained.
    """

    model: Any
    x: Any
    y: Any
    settings: dict[str, Any]
    diagnosis: Diagnosis
    contract: Contract | None
    recording: Recording | None

    @property
    def seen(self) -> Recording:
        """What was recorded, of an example that trains."""
        assert self.recording is not None  # noqa: S101
        return self.recording

    @property
    def promised(self) -> Contract:
        """The contract, of an example that has one."""
        assert self.contract is not None  # noqa: S101
        return self.contract

    def up_to(self, layer: str, *, inputs: bool = False) -> Array:
        """What a layer answers to, or is given for, the first 256 samples."""
        import keras

        found = self.model.get_layer(layer)
        part = keras.Model(self.model.inputs[0], found.input if inputs else found.output)
        return np.asarray(part(np.asarray(self.x)[:256].astype("float32")))


Both = Mapping[str, Patient]
Draw = Callable[[Both], "Figure"]


def threshold(problem: str, name: str) -> float:
    """A number that the doctor compares with."""
    limits = next(one.thresholds for one in all_problems() if one.identifier == problem)
    return next(limit.value for limit in limits if limit.name == name)


# lines over time


def lines(both: Both, of: Callable[[Patient], tuple[Array, Array]], x: str, y: str, guide: tuple[str, float] | None,
          *, log: bool = False) -> Figure:  # fmt: skip
    """One line of each training, and a dashed one that they are held against."""
    figure = canvas(2.5)
    axes = figure.axes[0]
    curves = {name: of(patient) for name, patient in both.items()}
    for name, (at, values) in curves.items():
        axes.plot(at, values, color=COLOURS[name], linewidth=1.3, label=name, zorder=3 if name == "broken" else 2)
    shown = [np.asarray(values) for _, values in curves.values()]
    if guide:
        axes.axhline(guide[1], color=QUIET, linewidth=1.1, linestyle=(0, (4, 3)), label=guide[0], zorder=1)
        shown.append(np.array([guide[1]]))
    together = positive(shown)
    if log or (len(together) and together.max() / together.min() > LOG_RANGE and together.max() > 5):
        logarithmic(axes.yaxis, shown)
    elif min(float(np.nanmin(values)) for values in shown) >= 0:
        axes.set_ylim(bottom=0)
    bad = [float(place) for at, values in curves.values() for place in at[~np.isfinite(values)]]
    mark_nonfinite(axes, bad, "NaN or infinite")
    named(axes, "", x, y)
    if x == STEP:
        whole_numbers(axes.xaxis)
    legend(axes)
    return figure


def loss(patient: Patient, *, epochs: bool = False) -> tuple[Array, Array]:
    """Loss over steps or epochs."""
    line = timeline(patient.seen.run("loss"), POINTS)
    per_epoch = patient.seen.last_step / len(patient.seen.epochs) if epochs else 1.0
    return line.step / per_epoch, np.where(line.nonfinite > 0, np.nan, line.mean)


def loss_lines(both: Both, *, epochs: bool = False) -> Figure:
    """Loss of both trainings, and that of the best constant prediction."""
    counts = np.asarray(both["mended"].promised.targets.counts, float)
    shares = counts[counts > 0] / counts.sum()
    guide = ("constant prediction", float(-(shares * np.log(shares)).sum()))
    return lines(both, partial(loss, epochs=epochs), EPOCH if epochs else STEP, "loss of the batch", guide)


def measure(patient: Patient, name: str, *, total: bool = False, until: int | None = None) -> tuple[Array, Array]:
    """A measure of the layer where it is largest, over steps `until` one; as it adds up over the steps if `total`."""
    seen = [patient.seen.layer(name, layer) for layer in layers_with(patient.seen, name)]
    values = np.stack([np.where(one.nonfinite > 0, np.nan, one.mean) for one in seen]).astype(float)
    if total:
        steps = np.diff(seen[0].last_step, prepend=0)
        values = np.cumsum(values * steps, axis=1)
    steps, largest = seen[0].last_step, np.nanmax(values, axis=0)
    shown = (steps <= (until or steps[-1])) & (largest > 0)
    return steps[shown], largest[shown]


def measure_lines(
    both: Both, name: str, y: str, problem: str, limit: str, *, total: bool = False, until: int | None = None
) -> Figure:
    """A measure by step, and the doctor's threshold."""
    guide = ("threshold", threshold(problem, limit))
    return lines(
        both, partial(measure, name=name, total=total, until=until), STEP, y, guide, log=name == "update_ratio"
    )


def weights(patient: Patient) -> tuple[Array, Array]:
    """L2 norm of all weights over steps, against the start."""
    seen = [patient.seen.layer("weight_norm", layer) for layer in layers_with(patient.seen, "weight_norm")]
    norm = np.sqrt(sum(one.mean.astype(float) ** 2 for one in seen))
    return seen[0].last_step, norm / norm[0]


def weight_lines(both: Both) -> Figure:
    """How large all weights are, against the start."""
    limit = ("threshold", threshold("excessive_regularization", "shrunk"))
    return lines(both, weights, STEP, "norm of all weights (start = 1)", limit)


def accuracy(patient: Patient) -> tuple[Array, Array]:
    """Accuracy on the validation samples, by epoch."""
    rows = patient.seen.epochs
    return np.array([row["epoch"] for row in rows]), np.array([row["val_accuracy"] for row in rows])


def accuracy_lines(both: Both) -> Figure:
    """Accuracy on new samples, and that of guessing."""
    counts = both["mended"].promised.targets.counts
    return lines(both, accuracy, "epoch", "validation accuracy (share)", ("guessing", max(counts) / sum(counts)))


def by_heart(both: Both) -> Figure:
    """Loss of copies that learn one batch by heart."""
    from trainwell.workflows.preflight import one_batch_of

    def left(patient: Patient) -> tuple[Array, Array]:
        tried = one_batch_of(patient.model, patient.x, patient.y, patient.promised)
        assert tried is not None  # noqa: S101
        line = timeline(tried[1].run("loss"), POINTS)
        return line.step, line.mean / tried[0].constant

    limit = ("threshold", threshold("one_batch_not_learned", "left"))
    return lines(both, left, STEP, "loss / constant prediction's", limit)


def influence(both: Both) -> Figure:
    """How strongly each past step moves the answer."""
    from trainwell.explain.learned import Example
    from trainwell.explain.learned.views import memory

    def back(patient: Patient) -> tuple[Array, Array]:
        rows = np.asarray(patient.x[:8])
        found = memory.measure(patient.model, tuple(Example(row[None], "", "", (), (), "sequence") for row in rows))
        assert found is not None  # noqa: S101
        mean = np.asarray(found["mean"])
        return np.arange(len(mean)), np.maximum(mean, 1e-8)

    return lines(both, back, "steps back from the last one", "influence (largest = 1)", ("1%", memory.FAR), log=True)


# layers beside one another


def layer_bars(both: Both, name: str, y: str, problem: str, limit: str) -> Figure:
    """A share of each layer in the last quarter of both trainings, and the doctor's threshold."""
    figure = canvas(2.4)
    axes = figure.axes[0]
    layers = layers_with(both["broken"].seen, name)
    for place, (role, patient) in enumerate(both.items()):
        at = np.arange(len(layers)) + 0.32 * (place - 0.5)
        axes.bar(at, [_late(patient, name, layer) for layer in layers], 0.3, color=COLOURS[role], label=role)
    guide = threshold(problem, limit)
    axes.axhline(guide, color=QUIET, linewidth=1.1, linestyle=(0, (4, 3)), label="threshold", zorder=1)
    axes.set_xticks(range(len(layers)), layers)
    axes.set_ylim(0, 1.03)
    named(axes, "", "layer, from the input", y)
    legend(axes)
    return figure


def layer_path(both: Both, name: str, y: str) -> Figure:
    """A measure of each layer from input to output, in the last quarter of both trainings."""
    figure = canvas(2.6)
    axes = figure.axes[0]
    shown: list[Array] = []
    for role, patient in both.items():
        layers = layers_with(patient.seen, name)
        shown.append(np.array([_late(patient, name, layer) for layer in layers]))
        axes.plot(range(len(layers)), shown[-1], "o-", color=COLOURS[role], linewidth=1.3, markersize=4, label=role)
        axes.set_xticks(range(len(layers)), [layer.replace("hidden_", "") for layer in layers])
    logarithmic(axes.yaxis, shown)
    named(axes, "", "hidden layer, from the input", y)
    legend(axes)
    return figure


def _late(patient: Patient, name: str, layer: str) -> float:
    values = patient.seen.layer(name, layer).mean
    return float(np.nanmedian(values[-max(1, len(values) // 4) :]))


# two panels: the broken one left, the mended one right


def panels(both: Both, draw: Callable[[Any, Patient], None], height: float = 2.4, *, same: bool = False) -> Figure:
    """The same drawn of both, beside one another; with the same vertical axis if `same`."""
    figure = canvas(height, columns=2)
    for axes, (role, patient) in zip(figure.axes, both.items(), strict=True):
        draw(axes, patient)
        named(axes, role, axes.get_xlabel(), axes.get_ylabel())
        if axes.get_legend_handles_labels()[0]:
            legend(axes)
    if same:
        limits = [limit for axes in figure.axes for limit in axes.get_ylim()]
        for axes in figure.axes:
            axes.set_ylim(min(limits), max(limits))
    return figure


def _train_and_validation(axes: Any, patient: Patient) -> None:
    rows = patient.seen.epochs
    for column, colour, name in (("loss", ACCENT, "training"), ("val_loss", SECOND, "validation")):
        axes.plot([row["epoch"] for row in rows], [row[column] for row in rows], color=colour, label=name)
    axes.set(xlabel="epoch", ylabel="loss (mean squared error)", xlim=(0, patient.settings["epochs"]), ylim=(0, None))
    whole_numbers(axes.xaxis)


def _weight_of_classes(axes: Any, patient: Patient) -> None:
    counts = np.array(patient.promised.targets.counts, float)
    given = patient.settings["class_weight"] or {}
    axes.bar(range(len(counts)), [count * given.get(n, 1.0) for n, count in enumerate(counts)], 0.6, color=QUIET)
    axes.set(xlabel="class", ylabel="samples × weight", xticks=range(len(counts)))


def _shared(axes: Any, patient: Patient) -> None:
    known, all_of_them = patient.promised.shared_samples or 0, patient.promised.validation_samples
    axes.bar([0, 1], [known, all_of_them - known], 0.6, color=[ALARM, QUIET])
    axes.set_xticks([0, 1], ["in training\npart, too", "new"])
    axes.set_ylabel("validation samples")


def _tokens(axes: Any, patient: Patient) -> None:
    from matplotlib.colors import ListedColormap

    words = np.asarray(patient.x[:16]) > 0
    masked = bool(patient.model.get_layer("words").mask_zero)
    axes.imshow(np.where(words, 0, 2 if masked else 1), cmap=ListedColormap([ACCENT, ALARM, "#F2F2F2"]), vmin=0,
                vmax=2, aspect="auto", interpolation="nearest")  # fmt: skip
    axes.grid(visible=False)
    axes.set(xlabel="place in the sequence", ylabel="sentence")
    whole_numbers(axes.xaxis)
    whole_numbers(axes.yaxis)


def _along_a_line(axes: Any, patient: Patient) -> None:
    import keras

    ends = np.asarray(patient.x)[[0, 2]]
    way = np.linspace(0, 1, 41)[:, None]
    part = keras.Model(patient.model.inputs[0], patient.model.get_layer("hidden_3").output)
    answers = np.asarray(part(((1 - way) * ends[0] + way * ends[1]).astype("float32")))
    most = np.argsort(-np.ptp(answers, axis=0))[:5]
    axes.plot(way[:, 0], answers[:, most], linewidth=1.2)
    axes.set(xlabel="way from one digit to another", ylabel="output of hidden_3")


def _missing(axes: Any, patient: Patient) -> None:
    shares = np.isnan(patient.x).mean(axis=0) * 100
    axes.bar(range(len(shares)), shares, 0.7, color=ALARM)
    axes.set(xlabel="column of the table", ylabel="missing values (%)", xticks=range(len(shares)))


def _unit_outputs(axes: Any, patient: Patient) -> None:
    axes.imshow(patient.up_to("hidden")[:24], cmap="viridis", vmin=0, vmax=2, aspect="auto", interpolation="nearest")
    axes.grid(visible=False)
    axes.set(xlabel="unit of the layer", ylabel="sample")
    whole_numbers(axes.yaxis)


def _columns(axes: Any, patient: Patient) -> None:
    given = patient.up_to("hidden", inputs=True)
    for place, column in enumerate(given.T):
        axes.plot([place, place], [column.min(), column.max()], color=ACCENT, linewidth=4, solid_capstyle="butt")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([-10, -1, 0, 1, 10, 100, 1000], ["-10", "-1", "0", "1", "10", "100", "1,000"])
    axes.set(xlabel="column of the table", ylabel="least to largest value", ylim=(-10, 3000))


def _targets_and_answers(axes: Any, patient: Patient) -> None:
    answers = np.asarray(patient.model(np.asarray(patient.x).astype("float32")))[:, 0]
    reach = (min(answers.min(), patient.y.min()), max(answers.max(), patient.y.max()))
    bins = np.linspace(*reach, 30)
    axes.hist(patient.y, bins, color=QUIET, alpha=0.8, label="targets")
    axes.hist(answers, bins, color=ACCENT, alpha=0.7, label="first answers")
    axes.set(xlabel="value", ylabel="samples", yscale="log")


def _output_and_labels(axes: Any, patient: Patient) -> None:
    answers = np.asarray(patient.model(np.asarray(patient.x).astype("float32")))[:, 0]
    bins = np.linspace(0, 1, 21)
    for label, colour in ((0, QUIET), (1, ACCENT)):
        axes.hist(answers[patient.y == label], bins, color=colour, alpha=0.7, label=f"class {label}")
    axes.set(xlabel="answer of the untrained network", ylabel="samples")


def _sorted_units(axes: Any, patient: Patient) -> None:
    values = patient.up_to("hidden")[0]
    axes.bar(range(len(values)), -np.sort(-values), 1.0, color=ACCENT)
    axes.set(xlabel="unit, strongest first", ylabel="output for one sample")


def _wanted(axes: Any, patient: Patient) -> None:
    units = patient.promised.output.units
    wanted = np.arange(3)[:, None] if units == 1 else np.eye(3)
    axes.imshow(wanted, cmap="Blues", vmin=-0.5, vmax=2.5, aspect="auto")
    for (row, column), value in np.ndenumerate(wanted):
        axes.text(column, row, f"{value:g}", ha="center", va="center", fontsize=11)
    axes.grid(visible=False)
    axes.set_xticks(range(units))
    axes.set_yticks(range(3), ["setosa", "versicolor", "virginica"])
    axes.set_xlabel("unit of the last layer")


def _units_of_classes(axes: Any, patient: Patient) -> None:
    counts = np.bincount(patient.y)
    has = np.arange(len(counts)) < patient.promised.output.units
    axes.bar(range(len(counts)), counts, 0.7, color=[ACCENT if one else ALARM for one in has])
    axes.set(xlabel="class", ylabel="samples", xticks=range(len(counts)))


def _shape(axes: Any, patient: Patient) -> None:
    wanted, given = patient.promised.expected_input or (), patient.promised.inputs.shape
    for row, (name, sides) in enumerate((("the model takes", wanted), ("the data have", given))):
        axes.text(-0.7, row, name, ha="right", va="center", fontsize=9)
        for place in range(len(wanted)):
            here = place < len(sides)
            right = here and sides[place] == wanted[place]
            axes.text(
                place, row, str(sides[place]) if here else "–", ha="center", va="center", fontsize=11,
                color="white", bbox={"boxstyle": "square,pad=0.5", "color": ACCENT if right else ALARM},
            )  # fmt: skip
    axes.set(xlim=(-3.2, 2.6), ylim=(1.7, -0.7), xlabel="axis of one sample")
    axes.set_xticks(range(len(wanted)), ["height", "width", "channels"], fontsize=8)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)


# pictures of their own


def rates(both: Both) -> Figure:
    """Both learning rates on a scale, and where rates can be meant."""
    figure = canvas(1.3)
    axes = figure.axes[0]
    low = threshold("invalid_learning_rate", "smallest")
    axes.axvspan(low, threshold("invalid_learning_rate", "large_step"), color=QUIET, alpha=0.2, label="usable")
    for role, patient in both.items():
        axes.plot([patient.promised.learning_rate], [0], "o", color=COLOURS[role], markersize=9, label=role)
    axes.set(xscale="log", xlim=(1e-9, 1e4), ylim=(-1, 1), yticks=[])
    named(axes, "", "learning rate of Adam (weight units per step)")
    legend(axes)
    calm(axes)
    return figure


def least_loss(both: Both) -> Figure:
    """What the compiled loss says of answers that are more and more right."""
    figure = canvas(2.4)
    axes = figure.axes[0]
    sure = np.linspace(0.02, 1.0, 50)
    for role, patient in both.items():
        units = patient.promised.output.units
        answers = np.repeat(((1 - sure) / (units - 1))[:, None], units, axis=1)
        answers[:, 0] = sure
        said = [float(patient.model.loss(np.zeros(1, "int32"), row[None].astype("float32"))) for row in answers]
        axes.plot(sure, said, color=COLOURS[role], linewidth=1.5, label=role)
    axes.set_ylim(bottom=0)
    named(axes, "", "probability that the network gives the right class", "loss")
    legend(axes)
    return figure


def paired(draw: Callable[[Any, Patient], None], height: float = 2.4, *, same: bool = False) -> Draw:
    """A picture of two panels."""
    return partial(panels, draw=draw, height=height, same=same)


UPDATE = "largest update / weights"
PICTURES: Mapping[str, Draw] = {
    "attention_collapse": partial(measure_lines, name="attention_entropy", y="entropy (looking evenly = 1)",
                                  problem="attention_collapse", limit="sharp"),
    "batch_too_large": partial(loss_lines, epochs=True),
    "batch_too_small": partial(loss_lines, epochs=True),
    "class_imbalance": paired(_weight_of_classes),
    "data_leakage": paired(_shared, same=True),
    "dying_relu": partial(layer_bars, name="dead_share", y="share of dead units", problem="dying_relu", limit="many"),
    "excessive_regularization": weight_lines,
    "exploding_gradient": partial(layer_path, name="activation_std", y="standard deviation\nof the outputs"),
    "insufficient_epochs": partial(loss_lines, epochs=True),
    "invalid_learning_rate": rates,
    "label_problem": accuracy_lines,
    "learning_rate_too_high": partial(measure_lines, name="update_ratio", y=UPDATE, problem="learning_rate_too_high",
                                      limit="deadly"),
    "learning_rate_too_low": partial(measure_lines, name="update_ratio", y="way of the weights (own sizes)",
                                     problem="learning_rate_too_low", limit="distance", total=True),
    "loss_not_finite": partial(lines, of=loss, x=STEP, y="loss of the batch", guide=None),
    "loss_output_mismatch": least_loss,
    "missing_mask": paired(_tokens),
    "missing_nonlinearity": paired(_along_a_line),
    "missing_warmup": partial(measure_lines, name="update_ratio", y=UPDATE, problem="missing_warmup", limit="step",
                              until=100),
    "nan_in_data": paired(_missing, same=True),
    "one_batch_not_learned": by_heart,
    "oscillating_loss": loss_lines,
    "overfitting": paired(_train_and_validation, same=True),
    "poor_initialization": paired(_unit_outputs),
    "saturated_activation": partial(layer_bars, name="saturated_share", y="share of saturated values",
                                    problem="saturated_activation", limit="flat"),
    "short_memory": influence,
    "slow_convergence": loss_lines,
    "underfitting": loss_lines,
    "unscaled_input": paired(_columns, same=True),
    "unscaled_target": paired(_targets_and_answers),
    "vanishing_gradient": partial(layer_path, name="gradient_rms", y="gradient per weight\n(loss per weight unit)"),
    "wrong_activation": paired(_sorted_units),
    "wrong_input_shape": paired(_shape, 1.9),
    "wrong_loss": paired(_wanted),
    "wrong_output_activation": paired(_output_and_labels),
    "wrong_output_units": paired(_units_of_classes),
}  # fmt: skip
