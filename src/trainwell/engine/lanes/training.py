"""Many variants of a training at once: each lane ends where it would have ended alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trainwell.engine import keras_names
from trainwell.engine import state as states
from trainwell.engine.allocator import keep_freed_memory
from trainwell.engine.batches import Schedule, host_arrays, in_batches, sample_weights, take, to_device
from trainwell.engine.checks import check_model, check_settings
from trainwell.engine.cpu import compiler_options, convolutions_in, left_to_xla, use_faster_programs
from trainwell.engine.feeds import batch_size_of
from trainwell.engine.lanes.evaluation import make_evaluation
from trainwell.engine.lanes.group import Group, Programs
from trainwell.engine.lanes.grouping import same_configuration
from trainwell.engine.lanes.shared_program import TracedFunction
from trainwell.engine.loops import DEVICE_LOOP_STEPS
from trainwell.engine.step import Batch, make_step
from trainwell.errors import SettingError
from trainwell.locales import Text

Way = Literal["together", "in_turns"]
FloatArray = npt.NDArray[np.float32]


@dataclass
class LaneOutcome:
    """How one lane ended; its weights are in its model.

    Attributes:
        history: one row per finished epoch: "epoch" (from 1), loss and metrics, of held-out data as "val_...".
        loss: (steps,) float32, with regularisation.
        gradient_norm: (steps,) float32, before clipping.
        learning_rate: (steps,) float32.
        stopped: "not_finite" if the loss became NaN or infinite: its later rows say nothing; "interrupted" if asked to
            stop; None if it ran to its end.
        way: whether all lanes of its kind were trained by one program at once, or one after another in turns.
        lanes: how many shared its program.
    """

    history: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    loss: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    gradient_norm: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    learning_rate: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    stopped: Literal["not_finite", "interrupted"] | None = None
    way: Way = "together"
    lanes: int = 1


def train_lanes(
    models: Sequence[Any],
    x: Any,
    y: Any = None,
    *,
    epochs: int = 1,
    batch_size: int = 32,
    validation_data: tuple[Any, ...] | None = None,
    validation_batch_size: int | None = None,
    seeds: Sequence[int] | None = None,
    shuffle: bool = True,
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    way: Way | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    told: Callable[[int, int], None] = lambda _, __: None,
) -> list[LaneOutcome]:
    """Train compiled Keras models on the same data, each as `train` would train it alone (to float tolerance).

    Variants that differ in seeds, first weights, learning rates or in any number that is part of the computation
    (dropout rates, strengths of penalties, slopes, clipping norms) share one compiled program, and are trained by it
    all at once where that is faster: without convolutions, or on an accelerator. Others are groups of their own.

    Args:
        models: compiled, on the JAX backend; trained in place.
        x: inputs (samples, ...).
        y: targets (samples, ...).
        epochs: passes over the data.
        batch_size: samples of one step.
        validation_data: (x, y) or (x, y, sample_weight), evaluated after every epoch.
        validation_batch_size: samples of one evaluation step; `batch_size` if not given.
        seeds: of the order of the samples, one per lane; all 0 if not given.
        shuffle: a new order in every epoch.
        class_weight: class number -> weight.
        sample_weight: (samples,).
        way: "together" or "in_turns", where it shall not be chosen.
        should_stop: asked between runs of steps.
        told: called with the steps done and all steps of the training (of all groups), for a progress bar.

    Returns:
        One outcome per model, in their order.

    Raises:
        SettingError: settings cannot work, or a model is given twice.
        ModelError: a model is not compiled, or brings its own training step.
        DataError: x, y, sample_weight do not fit together.
    """
    if len({id(model) for model in models}) != len(models):
        raise SettingError(
            Text(
                en="a model is given twice; each lane needs its own",
                zh="同一个模型给出了两次；每条通道都需要各自的模型",
            )
        )
    chosen = list(seeds) if seeds is not None else [0] * len(models)
    if len(chosen) != len(models):
        raise SettingError(
            Text(
                en=f"one seed per model is needed, given: {len(chosen)} for {len(models)} models",
                zh=f"每个模型需要一个种子，给出的是：{len(models)} 个模型，{len(chosen)} 个种子",
            )
        )
    for model in models:
        check_model(model)
    keep_freed_memory()
    use_faster_programs()
    arrays = host_arrays(x, y, sample_weights(y, class_weight, sample_weight))
    samples = batch_size_of(arrays)
    check_settings(epochs, batch_size, samples)
    data = to_device(arrays)
    held_out = to_device(host_arrays(*validation_data)) if validation_data else None
    lanes = _Lanes(models, data, held_out, batch_size, validation_batch_size or batch_size, way)
    schedules = [Schedule(samples, batch_size, seed, shuffle, None) for seed in chosen]
    outcomes = lanes.run(schedules, epochs, should_stop, told)
    for model in models:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    return outcomes


class _Lanes:
    """The groups of one call of `train_lanes`."""

    def __init__(
        self,
        models: Sequence[Any],
        data: Batch,
        held_out: Batch | None,
        batch_size: int,
        validation_batch_size: int,
        way: Way | None,
    ):
        self._models = models
        samples = batch_size_of(data)
        self._validation = _parts(held_out, validation_batch_size) if held_out else []
        sizes = {min(batch_size, samples), samples % batch_size} - {0}
        first = take(data, np.arange(min(batch_size, samples), dtype=np.int32))
        self._members: list[Programs] = [None] * len(models)  # pyright: ignore[reportAttributeAccessIssue]
        for places in same_configuration(models):
            for place in places:
                _build(models[place], first, whole=place == places[0])
            programs = self._programs(models[places[0]], data, sizes)
            for place in places:
                self._members[place] = programs
        groups: dict[Any, list[int]] = {}
        for place, member in enumerate(self._members):
            groups.setdefault(member.signature, []).append(place)
        self.groups = [(places, self._group(places, data, way)) for places in groups.values()]

    def _programs(self, model: Any, data: Batch, sizes: set[int]) -> Programs:
        import jax

        state = states.read(model)
        step, evaluation = make_step(model), make_evaluation(model)
        batches = {size: take(data, np.zeros(size, np.int32)) for size in sizes}
        parts = {len(jax.tree.leaves(batch)[0]): batch for batch in self._validation}
        return Programs(
            {size: TracedFunction.of(step, state, batch) for size, batch in batches.items()},
            {size: TracedFunction.of(evaluation, state, batch) for size, batch in parts.items()},
        )

    def _group(self, places: Sequence[int], data: Batch, way: Way | None) -> tuple[Group, Way]:
        import jax

        members = [self._members[place] for place in places]
        program = next(iter(members[0].steps.values())).program
        on_cpu = jax.default_backend() == "cpu"
        convolutions = list(convolutions_in(node.equation for node in program.nodes))
        slow_in_loops = on_cpu and any(map(left_to_xla, convolutions))
        chosen: Way = way or ("in_turns" if on_cpu and convolutions else "together")
        group = Group(
            members,
            [self._state(place, self._fresh(places[0])) for place in places],
            data,
            vectorised=chosen == "together",
            looped=not slow_in_loops,
            compiler_options=compiler_options(convolution=slow_in_loops),
        )
        return group, chosen

    def run(
        self,
        schedules: Sequence[Schedule],
        epochs: int,
        should_stop: Callable[[], bool],
        told: Callable[[int, int], None],
    ) -> list[LaneOutcome]:
        """All epochs of all groups."""
        outcomes = [LaneOutcome() for _ in schedules]
        total, done = epochs * schedules[0].batches * len(self.groups), 0
        for places, (group, way) in self.groups:
            fresh = self._fresh(places[0])
            for place in places:
                outcomes[place].way, outcomes[place].lanes = way, len(places)
            for epoch in range(epochs):
                if self._over([outcomes[place] for place in places]):
                    break
                began = time.perf_counter()
                group.reset_metrics(fresh)
                orders = [schedules[place].order(epoch) for place in places]
                step, logs = 0, dict[str, Any]()
                while step < schedules[0].batches:
                    indices = [in_batches(order, schedules[0].batch_size, step, DEVICE_LOOP_STEPS) for order in orders]
                    shown = group.run(indices)
                    step += len(indices[0])
                    logs = dict(shown.logs)
                    for lane, place in enumerate(places):
                        _note(outcomes[place], shown, lane)
                    told(min(total, done + epoch * schedules[0].batches + step), total)
                    if should_stop():
                        for place in places:
                            outcomes[place].stopped = outcomes[place].stopped or "interrupted"
                        break
                if self._over([outcomes[place] for place in places]):
                    break
                if self._validation:
                    group.reset_metrics(fresh)
                    found = group.evaluate(self._validation)
                    logs |= {f"val_{name}": values for name, values in found.items()}
                seconds = time.perf_counter() - began
                for lane, place in enumerate(places):
                    if outcomes[place].stopped is None:
                        row = {name: float(values[lane]) for name, values in logs.items()}
                        outcomes[place].history.append({"epoch": epoch + 1, **row, "seconds": seconds / len(places)})
            done += epochs * schedules[0].batches
            for place, state in zip(places, group.states, strict=True):
                model = self._models[place]
                states.assign(model, state._replace(metrics=state.metrics[: len(model.metrics_variables)]))
        return outcomes

    def _fresh(self, place: int) -> list[Any]:
        """Running sums of loss and metrics before the first batch."""
        self._models[place].reset_metrics()
        return [variable.value for variable in self._models[place].metrics_variables]

    def _state(self, place: int, fresh: list[Any]) -> states.State:
        return states.read(self._models[place])._replace(metrics=fresh)

    @staticmethod
    def _over(outcomes: Sequence[LaneOutcome]) -> bool:
        return all(outcome.stopped for outcome in outcomes)


def _build(model: Any, batch: Batch, *, whole: bool) -> None:
    """Make the variables that the step changes; those of its metrics only where they are traced: that takes longer."""
    if whole or not model.built:
        keras_names.build(model, *batch)
    else:
        model.optimizer.build(model.trainable_variables)


def _note(outcome: LaneOutcome, shown: Any, lane: int) -> None:
    """Keep what these steps showed of a lane, up to its first value that is not finite."""
    if outcome.stopped is not None:
        return
    finite = np.isfinite(shown.loss[lane])
    count = len(finite) if finite.all() else int(np.argmin(finite)) + 1
    outcome.loss = np.concatenate([outcome.loss, shown.loss[lane][:count]])
    outcome.gradient_norm = np.concatenate([outcome.gradient_norm, shown.gradient_norm[lane][:count]])
    outcome.learning_rate = np.concatenate([outcome.learning_rate, shown.learning_rate[lane][:count]])
    if count < len(finite) or not finite.all():
        outcome.stopped = "not_finite"


def _parts(data: Batch, size: int) -> list[Batch]:
    """The samples in their order, in batches."""
    samples = batch_size_of(data)
    return [
        take(data, np.arange(first, min(samples, first + size), dtype=np.int32)) for first in range(0, samples, size)
    ]
