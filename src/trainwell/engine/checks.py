"""What must hold before a training begins."""

from __future__ import annotations

from typing import Any

from trainwell.engine import keras_names
from trainwell.errors import ModelError, SettingError
from trainwell.locales import Text


def check(model: Any, samples: int, epochs: int, batch_size: int) -> None:
    """All checks; `train` makes them too, this is for those who want to know before they make a folder.

    Raises:
        ModelError: the model cannot be trained.
        SettingError: the settings cannot work with so many samples.
    """
    check_model(model)
    check_settings(epochs, batch_size, samples)


def check_model(model: Any) -> None:
    """Refuse what cannot be trained: not a model, not compiled, or with a training step of its own."""
    from trainwell.backend import load_keras

    keras = load_keras()
    if not isinstance(model, keras.Model):
        raise ModelError(
            Text(
                en=f"expected a compiled keras.Model, given {type(model).__name__}",
                zh=f"需要已编译的 keras.Model，给出的是 {type(model).__name__}",
            )
        )
    if not getattr(model, "compiled", False) or model.optimizer is None:
        raise ModelError(
            Text(
                en=f"the model {model.name!r} is not compiled; call model.compile(optimizer=..., loss=...) first",
                zh=f"模型 {model.name!r} 尚未编译；请先调用 model.compile(optimizer=..., loss=...)",
            )
        )
    if keras_names.has_own_train_step(model):
        raise ModelError(
            Text(
                en=f"{type(model).__name__} defines its own train_step, which trainwell's compiled step would bypass; "
                "move the computation into call() and compute_loss(), or train it with model.fit",
                zh=f"{type(model).__name__} 定义了自己的 train_step，会被 trainwell 的编译训练步绕过；"
                "请把计算移到 call() 与 compute_loss()，或使用 model.fit 训练",
            )
        )


def check_settings(epochs: int, batch_size: int, samples: int) -> None:
    """Refuse settings that cannot work with so many samples."""
    if epochs < 1:
        raise SettingError(
            Text(en=f"epochs must be at least 1, given {epochs}", zh=f"epochs 至少为 1，给出的是 {epochs}")
        )
    if batch_size < 1:
        raise SettingError(
            Text(
                en=f"batch_size must be at least 1, given {batch_size}",
                zh=f"batch_size 至少为 1，给出的是 {batch_size}",
            )
        )
    if batch_size > samples:
        raise SettingError(
            Text(
                en=f"batch_size {batch_size} is larger than the training data ({samples} samples); "
                f"choose at most {samples}",
                zh=f"batch_size {batch_size} 大于训练数据量（{samples} 个样本）；请不超过 {samples}",
            )
        )
