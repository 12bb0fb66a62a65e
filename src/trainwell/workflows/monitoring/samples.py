"""The samples that go by in a training that is not ours: counted, and the first of them kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

MOST_BYTES = 64 * 2**20  # of inputs that are kept, and of targets


class Samples:
    """Batches of one epoch.

    Attributes:
        count: samples that went by.
        batches: batches that went by.
        full: whether enough inputs are kept.
    """

    def __init__(self) -> None:
        self.count = self.batches = 0
        self.full = False
        self._inputs: list[Any] = []
        self._targets: list[tuple[Any, Any]] = []
        self._bytes = [0, 0]

    def add(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Count a batch, and keep it as long as there is room.

        Args:
            x: inputs (batch, ...), an array or a tree of arrays.
            y: targets (batch, ...), likewise, or None.
            sample_weight: (batch,) or None.
        """
        self.count += samples_of(x)
        self.batches += 1
        if not self.full:
            self._inputs.append(x)
            self._bytes[0] += _bytes(x)
        self.full = self.full or self._bytes[0] >= MOST_BYTES
        if self._bytes[1] < MOST_BYTES:
            self._targets.append((y, sample_weight))
            self._bytes[1] += _bytes(y)

    @property
    def inputs(self) -> Any:
        """The kept inputs (samples, ...), a tree of NumPy arrays; None if there are none."""
        return _joined(self._inputs)

    @property
    def targets(self) -> Any:
        """The kept targets (samples, ...): those of `inputs` first, and often more; None if there are none."""
        return _joined([y for y, _ in self._targets])

    @property
    def weights(self) -> Any:
        """The weights of the targets' samples; None if they have none."""
        return _joined([weight for _, weight in self._targets])


def samples_of(x: Any) -> int:
    """Samples of a batch: the length of its first array."""
    return int((x if hasattr(x, "shape") else _leaves(x)[0]).shape[0])


def single(tree: Any) -> npt.NDArray[Any] | None:
    """The array, if it is one and no tree of several."""
    return tree if isinstance(tree, np.ndarray) and tree.ndim else None


def class_weight(targets: Any, weights: Any) -> dict[int, float] | None:
    """The weight of each class, if that is what the weights of the samples are.

    Args:
        targets: class numbers (samples,) or (samples, 1), or one-hot (samples, classes).
        weights: (samples,) or None.

    Returns:
        Class number -> weight; None if samples of one class have different weights, or all the same.

    >>> class_weight(np.array([0, 1, 1]), np.array([1.0, 3.0, 3.0]))
    {0: 1.0, 1: 3.0}
    """
    y, w = single(targets), single(weights)
    if y is None or w is None or w.size != len(y):
        return None
    w = w.reshape(-1)
    if y.ndim == 2 and y.shape[1] > 1:
        y = y.argmax(axis=1)
    y = y.reshape(-1)
    if len(y) != len(w) or not np.isfinite(y).all() or (y != np.floor(y)).any() or (w == w[0]).all():
        return None
    found: dict[int, float] = {}
    for number in np.unique(y):
        of_class = w[y == number]
        if (of_class != of_class[0]).any() or number < 0:
            return None
        found[int(number)] = float(of_class[0])
    return found


def _leaves(tree: Any) -> list[Any]:
    import keras

    return [leaf for leaf in keras.tree.flatten(tree) if hasattr(leaf, "shape")]


def _bytes(tree: Any) -> int:
    return sum(int(np.prod([int(side) for side in leaf.shape])) * 4 for leaf in _leaves(tree))


def _joined(trees: list[Any]) -> Any:
    """One tree of NumPy arrays; batches whose samples have another shape than the first one's are left out."""
    import keras

    if not trees or trees[0] is None:
        return None
    kept = [tree for tree in trees if _kind(tree) == _kind(trees[0])]
    return keras.tree.map_structure(lambda *parts: np.concatenate([as_numpy(part) for part in parts]), *kept)


def _kind(tree: Any) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(side) for side in leaf.shape[1:]) for leaf in _leaves(tree))


def as_numpy(array: Any) -> npt.NDArray[Any]:
    """Any backend's tensor as a NumPy array."""
    import keras

    return array if isinstance(array, np.ndarray) else np.asarray(keras.ops.convert_to_numpy(array))
