"""How widely a layer's output spreads."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure, float32

MEASURE = Measure(
    name="activation_std",
    of="output",
    unit="1",
    title=Text(en="Activation standard deviation", zh="激活标准差"),
    compute=lambda xp, tap: xp.std(float32(xp, tap.output)),
    logarithmic=True,
)
