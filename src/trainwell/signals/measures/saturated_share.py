"""Which share of a layer's output values lies where the activation is flat.

Flat means: the slope there is below 5% of the activation's largest slope. For the sigmoid s the slope is s(1-s), at
most 0.25; for tanh t it is 1-t², at most 1; so both bounds follow from the output alone.
"""

from typing import Any

from trainwell.locales import Text
from trainwell.signals.measure import Measure, float32

FLAT = 0.05  # share of the largest slope

# activation -> slope relative to its largest, as a function of the output
RELATIVE_SLOPE = {
    "sigmoid": lambda output: 4 * output * (1 - output),
    "tanh": lambda output: 1 - output * output,
    "hard_sigmoid": lambda output: (output > 0) & (output < 1),
    "hard_tanh": lambda output: (output > -1) & (output < 1),
    "softsign": lambda output: (1 - abs(output)) ** 2,
}


def _compute(xp: Any, tap: Any) -> Any:
    slope = RELATIVE_SLOPE[tap.activation](float32(xp, tap.output))
    return xp.mean(slope < FLAT, dtype=xp.float32)


MEASURE = Measure(
    name="saturated_share",
    of="output",
    unit="share",
    title=Text(en="Share of saturated values", zh="饱和值占比"),
    compute=_compute,
    activations=RELATIVE_SLOPE,
)
