"""Numbers of the whole step: recorded at every step, whatever the model."""

from trainwell.locales import Text
from trainwell.signals.measure import RunMeasure

RUN_MEASURES = (
    RunMeasure("loss", "loss", Text(en="Loss of the batch", zh="批次损失"), logarithmic=True),
    RunMeasure("learning_rate", "1", Text(en="Learning rate", zh="学习率"), logarithmic=True),
    RunMeasure(
        "gradient_norm",
        "loss per weight unit",
        Text(en="Global gradient norm", zh="全局梯度范数"),
        logarithmic=True,
    ),
    RunMeasure(
        "clipped_gradient_norm",
        "loss per weight unit",
        Text(en="Global gradient norm after clipping", zh="裁剪后的全局梯度范数"),
        logarithmic=True,
    ),
    RunMeasure("step_time", "ms", Text(en="Time of a step", zh="单步用时")),
)
