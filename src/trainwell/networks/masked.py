"""What looks at several steps at once and must not see those behind the end of a sequence.

`known` is (batch, steps) bool, False behind the end, or None if every step is real; real steps come first. Everything
here is made of Keras layers and `keras.ops`, so that a saved model needs Keras alone.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from trainwell.backend import load_keras
from trainwell.errors import UnknownNameError
from trainwell.locales import Text

Pooling = Literal["last", "mean", "max", "attention"]
POOLINGS: tuple[str, ...] = get_args(Pooling)
_LOWEST = -6.0e4  # below what any layer gives, and float16 still holds it


def check_pooling(name: Any, among: tuple[str, ...] = POOLINGS) -> None:
    """Raise UnknownNameError if there is no such pooling."""
    if name not in among:
        raise UnknownNameError(Text(en="pooling", zh="汇聚方式"), str(name), among)


def zeroed(x: Any, known: Any | None, value: float = 0.0) -> Any:
    """`x`, (batch, steps, ...), with `value` behind the end."""
    if known is None:
        return x
    return load_keras().ops.where(_over(known, x), x, value)


def every_second(known: Any | None) -> Any | None:
    """What is known after two steps became one; a last step without a partner stays."""
    return None if known is None else known[:, ::2]


def convolved(x: Any, layers: list[Any], known: Any | None) -> Any:
    """`x` through a block of layers around a convolution: padding is 0 before it, and no normalisation counts it."""
    norm = load_keras().layers.BatchNormalization
    x = zeroed(x, known)
    for layer in layers:
        if isinstance(layer, norm) and known is not None:
            mask = known
            while len(mask.shape) < len(x.shape) - 1:
                mask = load_keras().ops.expand_dims(mask, -1)
            x = layer(x, mask=mask)
        else:
            x = layer(x)
    return x


def halved(x: Any, pool: Any, known: Any | None) -> tuple[Any, Any | None]:
    """Max pooling of neighbours over real steps only, and what is known then."""
    return pool(zeroed(x, known, _LOWEST)), every_second(known)


def pooled(x: Any, known: Any | None, how: str, *, name: str = "pool") -> Any:
    """From (batch, steps, channels) to (batch, channels), over real steps only, in float32.

    Args:
        x: Keras tensor.
        known: see above.
        how: "mean", "max", "last" (the last real step), or "attention": a mean whose weights the network learns, the
            softmax of one score per step (Lin et al. 2017, "A structured self-attentive sentence embedding", section
            2.1, with one row and without the hidden layer).
        name: of the layer.
    """
    keras = load_keras()
    layers, ops = keras.layers, keras.ops
    if how == "mean":
        return layers.GlobalAveragePooling1D(name=name, dtype="float32")(x, mask=known)
    if how == "max":
        return layers.GlobalMaxPooling1D(name=name, dtype="float32")(zeroed(x, known, _LOWEST))
    if how == "last":
        return x[:, -1] if known is None else ops.sum(zeroed(x, _last(known)), axis=1)
    scores = layers.Dense(1, use_bias=False, name=f"{name}_scores", dtype="float32")(x)
    mask = None if known is None else ops.expand_dims(known, -1)
    shares = layers.Softmax(axis=1, name=f"{name}_shares", dtype="float32")(scores, mask=mask)
    return ops.sum(ops.cast(x, "float32") * shares, axis=1)


def _last(known: Any) -> Any:
    """(batch, steps) bool, True at the last real step alone."""
    ops = load_keras().ops
    following = ops.pad(known[:, 1:], [[0, 0], [0, 1]])
    return ops.logical_and(known, ops.logical_not(following))


def _over(known: Any, x: Any) -> Any:
    """`known` with as many axes as `x`."""
    for _ in range(len(x.shape) - len(known.shape)):
        known = load_keras().ops.expand_dims(known, -1)
    return known
