"""The one number that stands for a network's answer, and how it changes with what a layer is given."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trainwell.explain.learned.calls import hooked, numbers, outputs_of
from trainwell.explain.learned.example import Batch
from trainwell.locales import Text

Array = npt.NDArray[Any]
_ENDS = ("softmax", "sigmoid")


@dataclass(frozen=True, eq=False)
class Answer:
    """How a number per example is taken from the outputs.

    Classes: the logit of the class that the network says (for two classes: the logit, with the sign of the answer).
    It comes from before the softmax or sigmoid, where the gradient does not vanish when the network is sure. Tokens:
    the same of the last real step. Numbers: the output; the mean if there are several.

    Attributes:
        layer: the layer whose softmax or sigmoid is left out, or None.
        classes: whether there are classes.
        outputs: (examples, ...), without that softmax or sigmoid.
        take: outputs -> (examples,).
    """

    layer: Any
    classes: bool
    outputs: Array
    take: Callable[[Any], Any]

    @property
    def unit(self) -> Text:
        """What the number is, with its unit."""
        if self.classes:
            return Text(en="logit of the answer", zh="所答类别的 logit")
        return Text(en="output, in units of the target", zh="输出，以目标的单位计")


@dataclass(frozen=True, eq=False)
class Pull:
    """How the answer changes with what a layer is given or gives.

    Attributes:
        values: (examples, ...), the input or output itself.
        gradient: of the same shape: change of the answer by unit of the value.
        mask: (examples, steps), which steps are real, or None.
    """

    values: Array
    gradient: Array
    mask: Array | None


def answer_of(model: Any, batch: Batch) -> Answer:
    """Find out what the network's answer to each example is."""
    layer, outputs = _before_the_end(model, batch.x)
    classes = layer is not None or _loss_says_classes(model)
    rows = np.arange(len(outputs))
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        sign = np.where(outputs[:, 0] < 0, -1.0, 1.0).astype(np.float32) if classes else np.float32(1)
        return Answer(layer, classes, outputs, lambda o: o[:, 0] * sign)
    if classes and outputs.ndim == 2:
        said = outputs.argmax(axis=1)
        return Answer(layer, classes, outputs, lambda o: o[rows, said])
    if classes and outputs.ndim == 3:
        last = np.ceil(outputs.shape[1] * batch.lengths / batch.x.shape[1]).astype(int) - 1
        said = outputs[rows, last].argmax(axis=1)
        return Answer(layer, classes, outputs, lambda o: o[rows, last, said])
    return Answer(layer, classes, outputs, lambda o: o.reshape(len(rows), -1).mean(axis=1))


def pull_at(model: Any, batch: Batch, answer: Answer, layer: Any, side: Literal["input", "output"]) -> Pull:
    """The gradient of the answer at the first call of a layer.

    Args:
        model: a built Keras model.
        batch: what runs through it.
        answer: of `answer_of` for the same batch.
        layer: a layer that is called with, or returns, an array of floating-point numbers.
        side: whether its input or its output is meant.
    """
    import jax
    import jax.numpy as jnp

    def score(change: Any) -> tuple[Any, dict[str, Any]]:
        seen: dict[str, Any] = {}

        def hook(layer: Any, own: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            del layer
            if seen:  # a layer that is called again
                return own(*args, **kwargs)
            place = args[0]
            if side == "input" and change is not None:
                args = (place + change.astype(place.dtype), *args[1:])
            result = own(*args, **kwargs)
            seen["values"], seen["mask"] = (place if side == "input" else result), kwargs.get("mask")
            return result + change.astype(result.dtype) if side == "output" and change is not None else result

        with _without_end(answer.layer):
            outputs = outputs_of(model, batch.x, [(layer, hook)])
        return jnp.sum(answer.take(outputs.astype("float32"))), {k: v for k, v in seen.items() if v is not None}

    shape = jax.eval_shape(lambda: score(None)[1])["values"].shape
    gradient, seen = jax.jit(jax.grad(score, has_aux=True))(jnp.zeros(shape, "float32"))
    noted = numbers(seen)
    return Pull(noted["values"], np.asarray(gradient), noted.get("mask"))


def pull_at_input(model: Any, batch: Batch, answer: Answer) -> Pull:
    """The gradient of the answer at the network's own input; a number that is not there (NaN) has gradient 0."""
    import jax
    import jax.numpy as jnp

    def score(x: Any) -> Any:
        with _without_end(answer.layer):
            return jnp.sum(answer.take(outputs_of(model, x).astype("float32")))

    gradient = np.asarray(jax.jit(jax.grad(score))(batch.x.astype(np.float32)))
    return Pull(batch.x, np.where(np.isfinite(batch.x), gradient, 0.0), None)


def answers_to(model: Any, x: Array, answer: Answer) -> Array:
    """What an `Answer` for a single example takes from many variants of that example, (variants,)."""
    import jax

    def score(x: Any) -> Any:
        with _without_end(answer.layer):
            return outputs_of(model, x).astype("float32")

    outputs = np.asarray(jax.jit(score)(x))
    return np.stack([np.asarray(answer.take(row[None]))[0] for row in outputs])


def _before_the_end(model: Any, x: Array) -> tuple[Any, Array]:
    """The layer whose softmax or sigmoid ends the network, and the outputs without it; checked, not believed."""
    import jax

    last = model
    while getattr(last, "layers", None) or hasattr(last, "layer"):
        last = last.layers[-1] if getattr(last, "layers", None) else last.layer
    name = _end(last)
    if name not in _ENDS:
        return None, np.asarray(jax.jit(lambda x: outputs_of(model, x))(x), np.float32)

    def both(x: Any) -> tuple[Any, Any]:
        given: list[Any] = []

        def noting(values: Any, own: Callable[[Any], Any]) -> Any:
            given.append(values)
            return own(values)

        with _other_end(last, noting):
            outputs = outputs_of(model, x)
        return outputs, given[-1] if given else outputs

    ended, outputs = (np.asarray(o, np.float32) for o in jax.jit(both)(x))
    if outputs.shape != ended.shape:
        return None, ended
    shares = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    expected = shares / shares.sum(axis=-1, keepdims=True) if name == "softmax" else 0.5 + 0.5 * np.tanh(outputs / 2)
    return (last, outputs) if np.allclose(expected, ended, atol=1e-3) else (None, ended)


def _end(layer: Any) -> str:
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", "")


@contextmanager
def _other_end(layer: Any, function: Callable[[Any, Callable[[Any], Any]], Any]) -> Generator[None]:
    """Within the block, `function(values, own)` stands where a layer has its own softmax or sigmoid."""
    if type(layer).__name__ == "Softmax":

        def hook(layer: Any, own: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            del layer
            return function(args[0], lambda values: own(values, *args[1:], **kwargs))

        with hooked([(layer, hook)]):
            yield
        return
    kept = layer.activation
    object.__setattr__(layer, "activation", lambda values: function(values, kept))
    try:
        yield
    finally:
        object.__setattr__(layer, "activation", kept)


def _without_end(layer: Any) -> AbstractContextManager[None]:
    """Within the block, a layer does without its softmax or sigmoid; nothing changes for None."""
    return nullcontext() if layer is None else _other_end(layer, lambda values, _: values)


def _loss_says_classes(model: Any) -> bool:
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else str(getattr(loss, "name", ""))
    return "crossentropy" in name.lower()
