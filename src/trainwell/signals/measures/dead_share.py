"""Which share of a layer's units is zero for every sample (and place) of the batch: such units learn nothing."""

from typing import Any

from trainwell.locales import Text
from trainwell.signals.measure import Measure


def _compute(xp: Any, tap: Any) -> Any:
    output = xp.asarray(tap.output)
    units = output.reshape(-1, output.shape[-1])
    return xp.mean(xp.all(units == 0, axis=0), dtype=xp.float32)


MEASURE = Measure(
    name="dead_share",
    of="output",
    unit="share",
    title=Text(en="Share of dead units", zh="死亡单元占比"),
    compute=_compute,
    activations=frozenset({"relu", "relu6"}),
)
