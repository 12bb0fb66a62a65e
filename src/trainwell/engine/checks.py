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


def check_settings(
    epochs: int,
    batch_size: int,
    samples: int | None = None,
    *,
    steps_per_epoch: int | None = None,
    initial_epoch: int = 0,
) -> None:
    """Refuse settings that cannot work, alone or with so many samples."""
    lowest = (("epochs", epochs, 1), ("batch_size", batch_size, 1), ("initial_epoch", initial_epoch, 0))
    for name, value, least in (*lowest, ("steps_per_epoch", steps_per_epoch, 1)):
        if value is not None and value < least:
            raise SettingError(
                Text(
                    en=f"{name} must be at least {least}, given {value}",
                    zh=f"{name} 至少为 {least}，给出的是 {value}",
                )
            )
    if samples == 0:
        raise SettingError(Text(en="the training data hold no sample; give some", zh="训练数据中没有样本；请提供样本"))
    if samples is not None and batch_size > samples:
        raise SettingError(
            Text(
                en=f"batch_size {batch_size} is larger than the training data ({samples} samples); "
                f"choose at most {samples}",
                zh=f"batch_size {batch_size} 大于训练数据量（{samples} 个样本）；请不超过 {samples}",
            )
        )
