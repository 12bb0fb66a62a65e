"""How strongly the loss pulls at a layer's weights."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure, norm

MEASURE = Measure(
    name="gradient_norm",
    of="weights",
    unit="loss per weight unit",
    title=Text(en="Gradient norm", zh="梯度范数"),
    compute=lambda xp, tap: norm(xp, tap.gradients),
    logarithmic=True,
)
