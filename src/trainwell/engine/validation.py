"""The validation after an epoch: Keras's own `evaluate`, in bounded memory."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from trainwell.engine.batches import host_arrays
from trainwell.engine.cpu import faster_layers
from trainwell.engine.feeds import batch_size_of
from trainwell.engine.mapped_files import advise
from trainwell.engine.sources import is_source
from trainwell.engine.step import Batch
from trainwell.engine.streaming import wants_stream
from trainwell.errors import SettingError
from trainwell.locales import Text


class Validation:
    """Evaluates the model on the same data again and again.

    Args:
        data: (x, y), (x, y, sample_weight), or a source of batches (see `sources.is_source`), alone or as (source,
            None); None for no validation.
        batch_size: samples of one evaluation step, where the data are arrays.
        steps: batches of one evaluation; all if not given.
        frequency: evaluate after every so many epochs, or after those (counted from 1) that are listed.
        epochs: of the training.

    Attributes:
        notes: what a person must be told.

    Raises:
        SettingError: the data would be used up by the first evaluation, or there are none.
    """

    def __init__(self, data: Any, batch_size: int, steps: int | None, frequency: int | Sequence[int], epochs: int):
        self.notes: list[Text] = []
        self._batch_size, self._steps, self._frequency = batch_size, steps, frequency
        parts = tuple(data) if isinstance(data, tuple | list) else (data,)
        x, y, weight = (*parts, None, None)[:3]
        self._x: Any = x
        self._y, self._weight = y, weight
        self._given = self._x is not None
        self._once = isinstance(self._x, Iterator)
        if self._once and steps is None and epochs > 1:
            raise SettingError(
                Text(
                    en="validation_data is a generator, which can be gone through only once, but it is needed in each "
                    "epoch; give validation_steps, arrays or a keras.utils.PyDataset",
                    zh="validation_data 是生成器，只能遍历一次，但每一轮都需要它；"
                    "请给出 validation_steps、数组或 keras.utils.PyDataset",
                )
            )
        if self._given and not is_source(self._x):
            arrays = host_arrays(self._x, self._y, self._weight)
            if batch_size_of(arrays) == 0:
                raise SettingError(
                    Text(
                        en="validation_data holds no sample; give some, or leave it out",
                        zh="validation_data 中没有样本；请提供样本，或去掉它",
                    )
                )
            if wants_stream(arrays):
                self._x, self._y, self._weight = _slices(arrays, batch_size), None, None

    def due(self, epoch: int) -> bool:
        """Whether to evaluate after this epoch, counted from 0."""
        if not self._given:
            return False
        if isinstance(self._frequency, int):
            return (epoch + 1) % self._frequency == 0
        return epoch + 1 in self._frequency

    def __call__(self, model: Any, callbacks: Any) -> dict[str, float]:
        """Loss and metrics of the model; {} if the data have come to their end."""
        x = self._x
        if self._once:
            first = next(self._x, None)
            if first is None:
                self._given = False
                self.notes.append(
                    Text(
                        en="The validation data came to their end, so the later epochs were not validated; give a "
                        "generator that goes on, arrays or a keras.utils.PyDataset.",
                        zh="验证数据已用尽，因此之后的轮次没有验证；"
                        "请给出不会用尽的生成器、数组或 keras.utils.PyDataset。",
                    )
                )
                return {}
            # as many as are needed, because Keras draws two batches more than it uses from a generator
            x = (batch for batch in itertools.islice(itertools.chain([first], self._x), self._steps))
        with faster_layers():
            logs = model.evaluate(
                x,
                self._y,
                sample_weight=self._weight,
                batch_size=None if is_source(self._x) else self._batch_size,
                steps=self._steps,
                callbacks=callbacks,
                return_dict=True,
                verbose=0,
            )
        return {name: float(value) for name, value in logs.items()}


def _slices(arrays: Batch, batch_size: int) -> Any:
    """These arrays as a dataset of batches in their order; Keras would turn some whole arrays into another type."""
    import jax
    import keras

    samples = len(jax.tree.leaves(tuple(arrays))[0])

    class Slices(keras.utils.PyDataset):
        def __len__(self) -> int:
            return math.ceil(samples / batch_size)

        def __getitem__(self, index: int) -> tuple[Any, ...]:
            part = slice(index * batch_size, (index + 1) * batch_size)
            batch = tuple(jax.tree.map(lambda leaf: np.array(leaf[part]), one) for one in arrays)
            for leaf in jax.tree.leaves(tuple(arrays)):
                advise(leaf, "MADV_DONTNEED")  # else what was read counts as this process's memory
            return batch[: 3 if arrays.sample_weight is not None else 2]

    return Slices()
