"""How alike the heads of an attention layer look: 1 when all attend to the same places with the same weights."""

from typing import Any

from trainwell.locales import Text
from trainwell.signals.attention import weights
from trainwell.signals.measure import Measure


def _compute(xp: Any, tap: Any) -> Any:
    shares = weights(xp, tap)
    shares = shares - shares.mean(axis=-1, keepdims=True)  # without what every softmax has in common
    heads = shares.shape[1]
    rows = xp.moveaxis(shares, 1, 0).reshape(heads, -1)
    rows = rows / xp.maximum(xp.sqrt((rows * rows).sum(axis=1, keepdims=True)), 1e-30)
    alike = rows @ rows.T
    pairs = max(1, heads * (heads - 1))
    return (alike.sum() - xp.trace(alike)) / pairs


MEASURE = Measure(
    name="head_similarity",
    of="attention",
    unit="1",
    title=Text(en="Similarity of attention heads", zh="注意力头的相似度"),
    compute=_compute,
)
