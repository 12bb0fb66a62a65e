"""Keras's train and test functions, tapped: each batch and each step is shown to the watch, and passes unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from trainwell.engine.step import Batch
from trainwell.workflows.monitoring.fit_watch import FitWatch
from trainwell.workflows.monitoring.samples import Samples, samples_of

Function = Callable[..., Any]


class TappedTraining:
    """Stands in the place of `model.train_function` for one fit.

    A fit that ends by an exception tells no callback, so this stays in place after it. It steps aside in the first call
    that `on_train_batch_begin` did not announce: that one belongs to another fit.

    Args:
        fit: told of each step.
        params: of the fit, as Keras gives the same object to all of its callbacks.
    """

    def __init__(self, fit: FitWatch, params: Any):
        self.plain: Function = fit.model.train_function
        self.params, self._fit = params, fit
        self._announced = False

    def announce(self) -> None:
        """A step of the watched fit comes next."""
        self._announced = True

    def remove(self) -> None:
        """Put Keras's own function back."""
        if self._fit.model.train_function is self:
            self._fit.model.train_function = self.plain

    def __call__(self, *given: Any) -> Any:
        """One step, or several at once where the model was compiled so."""
        if not self._announced:
            self.remove()
            return self.plain(*given)
        self._announced = False
        return self._tapped(*given)

    def _tapped(self, *given: Any) -> Any:
        raise NotImplementedError

    def _before(self, state: Any, batch: Batch) -> None:
        if self._fit.in_first_epoch:
            self._fit.train.add(*batch)
        self._fit.before_step(state, batch)

    def _also(self, batch: Batch) -> None:
        if self._fit.in_first_epoch:
            self._fit.train.add(*batch)

    def _after(self, logs: Any, sizes: list[int]) -> None:
        self._fit.after_step(logs, sum(sizes), len(sizes))


class JaxTraining(TappedTraining):
    """On JAX: (state, iterator) -> (logs, new state)."""

    def _tapped(self, *given: Any) -> Any:
        state, iterator = given
        drawn = Drawn(iterator)
        self._before(state, drawn.first)
        logs, new = self.plain(state, drawn)
        for batch in drawn.later:
            self._also(batch)
        self._after(logs, [samples_of(batch.x) for batch in (drawn.first, *drawn.later)])
        return logs, new


class Drawn:
    """An iterator whose first batch was looked at already; it notes what is drawn.

    Attributes:
        first: the first batch.
        later: those drawn after it.
    """

    def __init__(self, iterator: Iterator[Any]):
        given = next(iterator)
        self.first = batch_of(given)
        self.later: list[Batch] = []
        self._iterator, self._waiting = iterator, [given]

    def __iter__(self) -> Drawn:
        return self

    def __next__(self) -> Any:
        if self._waiting:
            return self._waiting.pop()
        given = next(self._iterator)
        self.later.append(batch_of(given))
        return given


def batch_of(given: Any) -> Batch:
    """What Keras's data adapters give, as a batch."""
    import keras

    return Batch(*keras.utils.unpack_x_y_sample_weight(given))


class TappedTest:
    """Stands in the place of `model.test_function` during one evaluation, and notes what is evaluated."""

    def __init__(self, model: Any, samples: Samples):
        self._model, self._samples, self._plain = model, samples, model.test_function
        model.test_function = self

    def remove(self) -> None:
        """Put Keras's own function back."""
        if self._model.test_function is self:
            self._model.test_function = self._plain

    def __call__(self, *given: Any) -> Any:
        """One step of the evaluation."""
        data = given[-1]
        if isinstance(data, list | tuple):  # torch hands over the batches themselves
            self._note(batch_of(data[0]))
            return self._plain(*given)
        if not isinstance(data, Iterator):
            return self._plain(*given)
        drawn = Drawn(data)
        result = self._plain(*given[:-1], drawn)
        for batch in (drawn.first, *drawn.later):
            self._note(batch)
        return result

    def _note(self, batch: Batch) -> None:
        self._samples.add(*batch)
