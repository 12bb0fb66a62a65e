"""Facts of plain arrays that came without a `Dataset`."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainwell.report.facts import PARTS, DataFacts, Part


def facts_of_arrays(model: Any, x: Any, y: Any, validation: tuple[Any, ...] | None) -> DataFacts:
    """What can be said of arrays given to `train(model, x, y)`.

    Args:
        model: compiled; the shape of its output tells classes.
        x: inputs, an array or a tree of arrays.
        y: targets.
        validation: (x, y, ...) or None.
    """
    import jax

    first, targets = np.asarray(jax.tree.leaves(x)[0]), np.asarray(jax.tree.leaves(y)[0])
    held_out = np.asarray(jax.tree.leaves(validation[1])[0]) if validation is not None else targets[:0]
    labels = _labels(targets)
    classes = int(max(labels.max(), _labels(held_out).max(initial=0))) + 1 if labels is not None and len(labels) else 0
    outputs = model.output_shape[-1] if isinstance(getattr(model, "output_shape", None), tuple) else None
    if labels is not None and isinstance(outputs, int):
        classes = max(classes, outputs)
    names = tuple(str(i) for i in range(classes)) if 2 <= classes <= 1000 else ()
    task = "regression" if not names else "binary" if classes == 2 else "multiclass"
    counts: dict[Part, tuple[int, ...]] = {
        part: tuple(int(n) for n in np.bincount(_labels(values), minlength=classes))
        for part, values in zip(PARTS, (targets, held_out), strict=False)
        if names
    }
    return DataFacts(
        name="arrays",
        kind={4: "image", 3: "sequence"}.get(first.ndim, "table"),
        task=task,
        input_shape=tuple(first.shape[1:]),
        class_names=names,
        samples={"train": len(targets), "validation": len(held_out), "test": 0},
        class_counts=counts,
        source="arrays",
    )


def _labels(y: Any) -> Any:
    """Class numbers (samples,) of integer or one-hot targets; None for other numbers."""
    if y.ndim == 2 and y.shape[1] > 1 and ((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all():
        return y.argmax(axis=1)
    flat = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    whole = flat.ndim == 1 and (flat.dtype.kind in "iub" or (len(flat) and (flat == np.floor(flat)).all()))
    small = whole and len(flat) and flat.min() >= 0 and flat.max() < max(2, len(flat) // 2)
    return flat.astype(np.int64) if small or not len(flat) else None
