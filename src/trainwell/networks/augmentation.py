"""Pictures that look a little different every time they are learned from."""

from __future__ import annotations

from typing import Any

from trainwell.backend import load_keras
from trainwell.data import Dataset
from trainwell.errors import SettingError
from trainwell.locales import Text
from trainwell.networks.choice import Choice

SHIFT = 4  # pixels, as for CIFAR-10 in He et al. 2016, section 4.2


def augmentation(data: Dataset, augment: bool) -> list[Any]:
    """Nothing, or the layers that mirror and shift scaled pictures, in training only.

    Outside the picture stands 0, which is the mean of each channel behind the scaling.
    """
    if not augment:
        return []
    layers = load_keras().layers
    height, width = data.input_shape[:2]
    shifts = (min(SHIFT, height // 4) / height, min(SHIFT, width // 4) / width)
    return [
        layers.RandomFlip("horizontal", name="random_flip", dtype="float32"),
        layers.RandomTranslation(
            *shifts, fill_mode="constant", interpolation="nearest", name="random_shift", dtype="float32"
        ),
    ]


def augmentation_choice(data: Dataset, augment: bool, *, given: bool = True) -> tuple[Choice, ...]:
    """The decision to say aloud.

    Raises:
        SettingError: these data are no pictures.
    """
    if not augment:
        return ()
    if data.kind != "image":
        raise SettingError(
            Text(
                en=f"augment mirrors and shifts pictures, but {data.name} holds none; leave it out",
                zh=f"augment 用于翻转和平移图像，而 {data.name} 不是图像数据；请去掉",
            )
        )
    reason = Text(
        en=f"colour photographs mean the same when they are mirrored or shifted by up to {SHIFT} pixels (He et al. "
        "2016); leave it off where left and right matter, as in writing: augment=False",
        zh=f"彩色照片左右翻转或平移至多 {SHIFT} 个像素后含义不变（He 等，2016）；"
        "如果左右有区别（例如文字），请关闭：augment=False",
    )
    return (Choice("augment", "True", given, Text(en="as asked", zh="按您的要求") if given else reason),)
