"""Which share of a layer's output values is NaN or infinite."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure

MEASURE = Measure(
    name="nonfinite_share",
    of="output",
    unit="share",
    title=Text(en="Share of NaN and infinite values", zh="NaN 与无穷值占比"),
    compute=lambda xp, tap: xp.mean(~xp.isfinite(xp.asarray(tap.output)), dtype=xp.float32),
)
