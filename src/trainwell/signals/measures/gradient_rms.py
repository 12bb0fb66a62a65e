"""The typical gradient of one weight of a layer: layers of different size can be compared by it."""

from trainwell.locales import Text
from trainwell.signals.measure import Measure, norm

MEASURE = Measure(
    name="gradient_rms",
    of="weights",
    unit="loss per weight unit",
    title=Text(en="Gradient per weight (root mean square)", zh="单个权重的梯度（均方根）"),
    compute=lambda xp, tap: norm(xp, tap.gradients) / xp.sqrt(xp.float32(sum(g.size for g in tap.gradients))),
    logarithmic=True,
)
