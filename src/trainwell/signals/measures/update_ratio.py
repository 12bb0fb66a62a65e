"""By which share of their size a layer's weights move in one step; about 1e-3 is the usual rule of thumb."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure, norm

SMALLEST_NORM = 1e-12  # keeps the ratio finite for a layer whose weights are all zero

MEASURE = Measure(
    name="update_ratio",
    of="weights",
    unit="1",
    title=Text(en="Update-to-weight ratio", zh="更新与权重之比"),
    compute=lambda xp, tap: norm(xp, tap.updates) / (norm(xp, tap.weights) + xp.float32(SMALLEST_NORM)),
    logarithmic=True,
)
