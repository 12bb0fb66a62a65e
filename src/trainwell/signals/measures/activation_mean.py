"""Where a layer's output lies on average."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure, float32

MEASURE = Measure(
    name="activation_mean",
    of="output",
    unit="1",
    title=Text(en="Activation mean", zh="激活均值"),
    compute=lambda xp, tap: xp.mean(float32(xp, tap.output)),
)
