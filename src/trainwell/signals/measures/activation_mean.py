"""Where a layer's output lies on average."""

from typing import Any

from trainwell.locales import Text
from trainwell.signals.measure import Measure, float32, scale_of


def _compute(xp: Any, tap: Any) -> Any:
    output = float32(xp, tap.output)
    scale = scale_of(xp, [output])  # the sum of an exploding signal would overflow
    return scale * xp.mean(output / scale)


MEASURE = Measure(
    name="activation_mean",
    of="output",
    unit="1",
    title=Text(en="Activation mean", zh="激活均值"),
    compute=_compute,
)
