"""How widely a layer's output spreads."""

from typing import Any

from trainwell.locales import Text
from trainwell.signals.measure import Measure, float32, scale_of


def _compute(xp: Any, tap: Any) -> Any:
    output = float32(xp, tap.output)
    scale = scale_of(xp, [output])  # the squares of an exploding signal would overflow
    return scale * xp.std(output / scale)


MEASURE = Measure(
    name="activation_std",
    of="output",
    unit="1",
    title=Text(en="Activation standard deviation", zh="激活标准差"),
    compute=_compute,
    logarithmic=True,
)
