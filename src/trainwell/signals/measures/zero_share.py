"""Which share of a layer's output values is exactly zero."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure

MEASURE = Measure(
    name="zero_share",
    of="output",
    unit="share",
    title=Text(en="Share of zeros", zh="零值占比"),
    compute=lambda xp, tap: xp.mean(xp.asarray(tap.output) == 0, dtype=xp.float32),
)
