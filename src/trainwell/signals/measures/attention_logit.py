"""How large the numbers are that go into the softmax of an attention layer: grown ones leave no gradient behind."""

from typing import Any

from trainwell.locales import Text
from trainwell.signals.attention import logits
from trainwell.signals.measure import Measure


def _compute(xp: Any, tap: Any) -> Any:
    scores = logits(xp, tap)
    return (scores.max(axis=-1) - scores.mean(axis=-1)).mean()  # a softmax sees differences only


MEASURE = Measure(
    name="attention_logit",
    of="attention",
    unit="1",
    title=Text(en="Attention logit, largest above mean", zh="注意力 logit（最大值减均值）"),
    compute=_compute,
    logarithmic=True,
)
