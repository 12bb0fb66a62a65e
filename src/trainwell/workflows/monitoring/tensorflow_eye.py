"""Keras's own training on TensorFlow: gradients by a tape, and the train function that takes an iterator.

The iterator is TensorFlow's own and cannot be looked into, so each batch is drawn here, shown, and handed on through a
second iterator of the same type; for another type the train function would have to be traced anew.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator, Sequence
from typing import Any

from trainwell.locales import Text
from trainwell.workflows.monitoring.eager_eye import EagerEye
from trainwell.workflows.monitoring.fit_watch import warn_blind
from trainwell.workflows.monitoring.samples import samples_of
from trainwell.workflows.monitoring.taps import TappedTraining, batch_of

_NO_BATCHES = Text(
    en="its batches cannot be seen (several replicas, or no plain tensors)",
    zh="无法看到它的批次（多个副本，或不是普通张量）",
)
_WAIT_SECONDS = 60.0  # for a batch that was put into the queue before


class TensorFlowEye(EagerEye):
    """See `EagerEye`."""

    def gradients(self, loss: Callable[[], Any], weights: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """By a `GradientTape`."""
        import tensorflow as tf  # pyright: ignore[reportMissingImports, reportMissingModuleSource]

        with tf.GradientTape() as tape:
            value = loss()
        found: Any = tape.gradient(value, list(weights))
        return value, [None if one is None else tf.convert_to_tensor(one) for one in found]


class TensorFlowTraining(TappedTraining):
    """On TensorFlow: (iterator) -> logs."""

    _feed: Feed | None = None
    _passes = False

    def _tapped(self, *given: Any) -> Any:
        iterator = given[0]
        feed = None if self._passes else self._feed_for(iterator)
        if feed is None:
            return self.plain(iterator)
        drawn = self._draw(iterator)
        if not drawn:
            return self.plain(iterator)  # which says that the data have ended
        first, *later = [batch_of(one) for one in drawn]
        self._before(None, first)
        logs = self.plain(feed(drawn, ends=len(drawn) < self._per_call))
        for batch in later:
            self._also(batch)
        self._after(logs, [samples_of(batch.x) for batch in (first, *later)])
        return logs

    @property
    def _per_call(self) -> int:
        return int(self._fit.model.steps_per_execution)

    def _draw(self, iterator: Any) -> list[Any]:
        """The batches of one call; fewer where the data end."""
        drawn: list[Any] = []
        while len(drawn) < self._per_call:
            given = iterator.get_next_as_optional()
            if not given.has_value():
                break
            drawn.append(given.get_value())
        return drawn

    def _feed_for(self, iterator: Any) -> Feed | None:
        """The second iterator, made the first time; None if there can be none."""
        if self._feed is not None:
            return self._feed
        try:
            if self._fit.model.distribute_strategy.num_replicas_in_sync > 1:
                raise NotImplementedError
            self._feed = Feed(iterator.element_spec)
        except (NotImplementedError, TypeError, ValueError, AttributeError):
            self._passes, self._fit.blind = True, _NO_BATCHES
            warn_blind(_NO_BATCHES)
        return self._feed


class Feed:
    """An iterator of TensorFlow's that gives what it is told.

    Args:
        element_spec: of a batch.
    """

    def __init__(self, element_spec: Any):
        self._spec = element_spec
        self._open()

    def __call__(self, batches: Sequence[Any], *, ends: bool) -> Any:
        """The iterator, about to give these batches.

        Args:
            batches: trees of tensors.
            ends: whether the data end behind them.
        """
        if self._ended:
            self._open()
        for batch in batches:
            self._waiting.put(batch)
        if ends:
            self._waiting.put(None)
        self._ended = ends
        return self._iterator

    def _open(self) -> None:
        import tensorflow as tf  # pyright: ignore[reportMissingImports, reportMissingModuleSource]

        waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def given() -> Generator[Any]:
            while (batch := waiting.get(timeout=_WAIT_SECONDS)) is not None:
                yield batch

        options = tf.data.Options()  # nothing may be asked for before it is there
        options.autotune.enabled = False
        options.experimental_optimization.inject_prefetch = False
        self._waiting, self._ended = waiting, False
        self._iterator = iter(tf.data.Dataset.from_generator(given, output_signature=self._spec).with_options(options))
