"""Scores of language models: how well the next token is foretold."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.data import Dataset, Split
from trainwell.locales import Text
from trainwell.report.facts import Scores

MOST_TOKENS = 200_000  # of the training part that are looked at; the other parts are looked at in full
_BATCH_VALUES = 1 << 24  # logits at once at most
Array = npt.NDArray[Any]
FREQUENCIES = Text(en="knowing only how common each token is", zh="只知道每个词元的出现频率")


def scores(model: Any, data: Dataset) -> Scores:
    """Measure on all three parts: nats per token, perplexity, and how often the likeliest token is the next one."""
    train, validation, test = (
        _metrics(model, split, data.vocabulary_size) if len(split) else {}
        for split in (_some(data.train), *data.parts[1:])
    )
    return Scores(train, validation, test, _frequencies(data), baseline_name=FREQUENCIES)


def _some(split: Split) -> Split:
    """Every k-th window, so that there are at most MOST_TOKENS tokens."""
    every = max(1, math.ceil(split.y.size / MOST_TOKENS))
    return Split(split.x[::every], split.y[::every])


def _metrics(model: Any, split: Split, vocabulary: int) -> dict[str, float]:
    size = max(1, min(64, _BATCH_VALUES // (split.x.shape[1] * vocabulary)))
    loss, right, count = 0.0, 0, 0
    for start in range(0, len(split.x), size):
        x, y = split.x[start : start + size], split.y[start : start + size]
        logits = model.predict_on_batch(_filled(x, size))[: len(x)]
        one_loss, one_right = _summed()(logits, y)
        loss, right, count = loss + float(one_loss), right + int(one_right), count + y.size
    return {"loss": loss / count, "perplexity": math.exp(min(loss / count, 700.0)), "accuracy": right / count}


@cache
def _summed() -> Any:
    """Compiled once for all parts: from logits and next tokens to the sum of the loss and the number of right ones."""
    import jax
    import jax.numpy as jnp

    @jax.jit
    def summed(logits: Any, y: Any) -> tuple[Any, Any]:
        likelihood = jax.nn.log_softmax(logits.astype(jnp.float32))
        picked = jnp.take_along_axis(likelihood, y[..., None], axis=-1)[..., 0]
        return -picked.sum(), (logits.argmax(axis=-1) == y).sum()

    return summed


def _filled(x: Array, size: int) -> Array:
    """The last batch made full by repeating its first row: another shape would be compiled again."""
    return x if len(x) == size else np.concatenate([x, np.repeat(x[:1], size - len(x), axis=0)])


def _frequencies(data: Dataset) -> dict[str, float]:
    """A model that always says the shares of the tokens in the training part (add-one smoothing)."""
    counts = np.bincount(data.train.y.reshape(-1), minlength=data.vocabulary_size) + 1.0
    counts[0] = 1e-9  # padding is never a next token
    shares = counts / counts.sum()
    loss = float(-np.log(shares[data.test.y.reshape(-1)]).mean())
    return {
        "loss": loss,
        "perplexity": math.exp(loss),
        "accuracy": float((data.test.y == int(counts.argmax())).mean()),
    }
