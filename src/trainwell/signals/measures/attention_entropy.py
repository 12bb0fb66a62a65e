"""How widely an attention layer looks: 1 when every position gets the same weight, 0 when a single one gets all."""

import math
from typing import Any

from trainwell.locales import Text
from trainwell.signals.attention import weights
from trainwell.signals.measure import Measure


def _compute(xp: Any, tap: Any) -> Any:
    shares = weights(xp, tap)
    entropy = -(shares * xp.log(xp.maximum(shares, 1e-30))).sum(axis=-1)
    return entropy.mean() / math.log(max(2, shares.shape[-1]))


MEASURE = Measure(
    name="attention_entropy",
    of="attention",
    unit="1",
    title=Text(en="Attention entropy", zh="注意力熵"),
    compute=_compute,
)
