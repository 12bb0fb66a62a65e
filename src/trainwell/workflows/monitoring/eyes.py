"""The eye and the tap for the backend that Keras runs on."""

from __future__ import annotations

from typing import Any

from trainwell.errors import ModelError
from trainwell.locales import Text
from trainwell.signals import Observer
from trainwell.workflows.monitoring.eye import Eye
from trainwell.workflows.monitoring.fit_watch import FitWatch
from trainwell.workflows.monitoring.taps import JaxTraining, TappedTraining


def eye_for(model: Any) -> Eye:
    """What looks into the steps of this model.

    Raises:
        ModelError: Keras runs on a backend that is not known.
    """
    backend = _backend()
    if backend == "jax":
        from trainwell.workflows.monitoring.jax_eye import JaxEye

        return JaxEye(model, Observer())
    if backend == "tensorflow":
        from trainwell.workflows.monitoring.tensorflow_eye import TensorFlowEye

        return TensorFlowEye(model, Observer())
    if backend == "torch":
        from trainwell.workflows.monitoring.torch_eye import TorchEye

        return TorchEye(model, Observer())
    raise ModelError(
        Text(
            en=f"Keras runs on the backend {backend!r}; Monitor knows jax, tensorflow and torch",
            zh=f"Keras 使用的后端为 {backend!r}；Monitor 支持 jax、tensorflow 与 torch",
        )
    )


def tapped_training(fit: FitWatch, params: Any) -> TappedTraining:
    """Keras's train function, tapped for this fit; not yet in its place."""
    backend = _backend()
    if backend == "jax":
        return JaxTraining(fit, params)
    if backend == "tensorflow":
        from trainwell.workflows.monitoring.tensorflow_eye import TensorFlowTraining

        return TensorFlowTraining(fit, params)
    from trainwell.workflows.monitoring.torch_eye import TorchTraining

    return TorchTraining(fit, params)


def _backend() -> str:
    import keras

    return keras.backend.backend()
