"""How large a layer's weights are together."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure, norm

MEASURE = Measure(
    name="weight_norm",
    of="weights",
    unit="1",
    title=Text(en="Weight norm", zh="权重范数"),
    compute=lambda xp, tap: norm(xp, tap.weights),
    logarithmic=True,
)
