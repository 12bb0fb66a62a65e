"""The compile settings: optimizer with its schedule and clipping, loss and metric."""

from __future__ import annotations

import re
from typing import Any

from trainwell.backend import load_keras
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.networks.recipe import Recipe
from trainwell.networks.tasks import Objective
from trainwell.techniques import find


def compile_model(model: Any, objective: Objective, recipe: Recipe, steps: int | None) -> None:
    """Give a model its optimizer, loss and metric.

    Raises:
        SettingError: a schedule without the number of updates.
    """
    model.compile(
        optimizer=_optimizer(recipe, steps),
        loss=objective.loss,
        loss_weights=objective.loss_weights,
        metrics=[objective.metric],
    )
    model.optimizer.build(model.trainable_variables)  # else Keras warns when an untrained model is saved and loaded


def uncounted(name: str) -> str:
    """The name without Keras's number ("adam_1"), which counts through the whole process: two builds would differ."""
    return re.sub(r"_\d+$", "", name)


def _optimizer(recipe: Recipe, steps: int | None) -> Any:
    rate: Any = recipe.learning_rate
    if recipe.needs_steps:
        if steps is None:
            wanted = recipe.schedule if recipe.schedule != "constant" else "warmup"
            raise SettingError(
                Text(
                    en=f"{wanted} needs the number of updates of the whole training, steps was not given; give "
                    "steps = epochs x updates per epoch",
                    zh=f"{wanted} 需要知道整个训练的更新步数，但没有给出 steps；请给出 steps = 轮数 × 每轮更新步数",
                )
            )
        warming = recipe.warmup if recipe.warmup == 0 or recipe.warmup >= 1 else max(1, round(recipe.warmup * steps))
        asked = {"warmup_steps": int(warming)} if warming else {}
        rate = find(recipe.schedule, "schedule").build(learning_rate=rate, steps=steps, **asked)
    settings: dict[str, Any] = {} if recipe.weight_decay is None else {"weight_decay": recipe.weight_decay}
    for clipping in ("clip_value", "clip_norm", "global_clip_norm"):
        limit = getattr(recipe, clipping)
        if limit is not None:
            settings |= find(clipping).build(limit=limit)
    optimizer = find(recipe.optimizer, "optimizer").build(learning_rate=rate, **settings)
    optimizer.name = uncounted(optimizer.name)
    if recipe.precision == "mixed_float16":  # small gradients vanish in float16
        return load_keras().optimizers.LossScaleOptimizer(optimizer, name="loss_scale")
    return optimizer
