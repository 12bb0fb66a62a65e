"""How far a network may stay behind simple models on the same data before a problem's check takes note."""

from __future__ import annotations

from trainwell.diagnosis.problem import Threshold
from trainwell.locales import Text

BEYOND_SOUND = Text(en="sound trainings of the gallery stay within 0.05", zh="样例集中的正常训练落后不超过 0.05")
BEYOND_NOISE = Text(
    en="ten points are far outside the noise of a few hundred samples", zh="十个百分点远超几百个样本的噪声"
)


def behind_by(value: float, source: Text) -> Threshold:
    """The threshold for `course.behind` and `course.clearly_behind`.

    Args:
        value: share; a difference of accuracies, or of R².
        source: where the number comes from.
    """
    what = Text(
        en="How far the network stays behind simple models on new samples (accuracy or R²)",
        zh="网络在新样本上落后于简单模型的幅度（准确率或 R²）",
    )
    return Threshold(name="behind", value=value, unit="share", what=what, source=source)
