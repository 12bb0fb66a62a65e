"""One fit of a script, done by trainwell's engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from trainwell import engine
from trainwell.blueprint import FitSettings, LayerInfo
from trainwell.diagnosis import Contract, Memory, RareClass
from trainwell.errors import InputError
from trainwell.report.facts import Part
from trainwell.workflows.listener import Listener
from trainwell.workflows.memory import memory_of
from trainwell.workflows.preflight import contract_of
from trainwell.workflows.rare_class import rare_class_of
from trainwell.workflows.watching.fit_data import fit_data

KERAS_BATCH_SIZE = 32  # of fit, if none is given
# arguments that the engine is told only where a script sets them
OPTIONAL = {"initial_epoch": 0, "steps_per_epoch": None, "validation_steps": None, "validation_freq": 1}


class Refused(Exception):  # noqa: N818
    """The engine refused before it changed anything, so Keras can still do the fit."""

    def __init__(self, error: InputError):
        super().__init__(str(error))
        self.error = error


class EngineFit:
    """A fit as Keras was asked for it.

    Args:
        model: compiled.
        arguments: of Keras's fit, all of them, by name.
        every: look into the layers at every so many steps, or None.
        seed: fixes the order of the samples; None draws one as Keras does.

    Raises:
        Refused: an argument cannot work.
    """

    def __init__(self, model: Any, arguments: Mapping[str, Any], every: int | None, seed: int | None = None):
        import keras

        self._model, self._arguments, self._every = model, arguments, every
        self._callbacks: list[Any] = keras.tree.flatten(arguments["callbacks"] or [])
        self.data = fit_data(arguments)
        self.seen: dict[Part, int] = {}
        """Samples of one epoch by part, if the data are a source that does not say how many it gives."""
        if self.data.samples is None:
            self._callbacks = [*self._callbacks, self._counting()]
        self._optional = {name: arguments[name] for name, default in OPTIONAL.items() if arguments[name] != default}
        batch_size = arguments["batch_size"] or KERAS_BATCH_SIZE
        try:
            self.settings = FitSettings(
                epochs=arguments["epochs"] - arguments["initial_epoch"],
                batch_size=batch_size if self.data.samples is None else max(1, min(batch_size, self.data.samples)),
                seed=self._seed() if seed is None else seed,
                shuffle=bool(arguments["shuffle"]),
                class_weight=arguments["class_weight"],
            )
        except InputError as error:
            raise Refused(error) from error

    @property
    def early_stopping(self) -> list[Any]:
        """The callbacks that may keep an earlier epoch's weights; none if the epochs do not count from the first."""
        import keras

        kind = keras.callbacks.EarlyStopping
        return [] if self._arguments["initial_epoch"] else [one for one in self._callbacks if isinstance(one, kind)]

    @property
    def verbose(self) -> int:
        """Keras's `verbose` as a number: 0 nothing, 1 a bar, 2 a line per epoch."""
        asked = self._arguments["verbose"]
        return 1 if asked == "auto" else int(asked)

    def __call__(self, listener: Listener, should_stop: Callable[[], bool]) -> engine.Outcome:
        """Train.

        Args:
            listener: told what happens.
            should_stop: says whether to stop at the next chance.

        Raises:
            Refused: the engine cannot do this one; the model is as it was.
        """
        asked, begun = self._arguments, _Begun(listener)
        try:
            return engine.train(
                self._model,
                self.data.x,
                self.data.y,
                epochs=asked["epochs"],
                batch_size=self.settings.batch_size,
                validation_data=self.data.validation,
                validation_batch_size=asked["validation_batch_size"],
                callbacks=self._callbacks,
                class_weight=asked["class_weight"],
                sample_weight=self.data.sample_weight,
                shuffle=self.settings.shuffle,
                seed=self.settings.seed,
                observer=listener.observer,
                every=self._every,
                listener=begun,
                should_stop=should_stop,
                **self._optional,
            )
        except InputError as error:
            if begun.at_work:
                raise
            raise Refused(error) from error

    def contract(self) -> Contract | None:
        """What data, last layer and loss promise one another; None for a source of batches."""
        data = self.data
        if data.samples is None or data.y is None:
            return None
        return contract_of(
            self._model,
            data.x,
            data.y,
            validation=data.validation,
            class_weight=self.settings.class_weight,
            sample_weight=data.sample_weight,
            steps=self.settings.epochs * -(-data.samples // self.settings.batch_size),
        )

    def memory(self) -> Memory | None:
        """How far back a recurrent network remembers; None for others, and for a source of batches."""
        return memory_of(self._model, self.data.x) if self.data.samples is not None else None

    def rare_class(self, contract: Contract | None) -> RareClass | None:
        """How well the rarest class is found among the samples held out; None where none is rare."""
        return rare_class_of(self._model, self.data.validation, contract)

    def _counting(self) -> Any:
        """A callback that reads the samples of an epoch off Keras's running mean of the loss."""
        import keras

        def count(part: Part) -> None:
            self.seen[part] = int(self._model.metrics[0].count)

        def after_epoch(epoch: int, logs: Any) -> None:
            del epoch
            count("validation" if any(name.startswith("val_") for name in logs) else "train")

        # the evaluation that ends an epoch resets the mean, just after it has told that it begins
        return keras.callbacks.LambdaCallback(on_epoch_end=after_epoch, on_test_begin=lambda _: count("train"))

    def _seed(self) -> int:
        """From NumPy's global generator, as Keras draws the order of the samples: a seed of the script fixes it too."""
        if self.data.samples is None or not self._arguments["shuffle"]:
            return 0
        return int(np.random.randint(2**31))  # noqa: NPY002


class _Begun:
    """Passes on to a listener, and remembers whether the training had begun."""

    def __init__(self, listener: Listener):
        self._listener, self.at_work = listener, False

    def started(self, layers: Sequence[LayerInfo], epochs: int, steps_per_epoch: int, resumed_at: int) -> None:
        self.at_work = True
        self._listener.started(layers, epochs, steps_per_epoch, resumed_at)

    def steps(self, seen: engine.Steps, epoch: int, step_of_epoch: int, logs: Mapping[str, float]) -> None:
        self._listener.steps(seen, epoch, step_of_epoch, logs)

    def epoch(self, row: Mapping[str, float]) -> None:
        self._listener.epoch(row)
