"""Normalisation layers: keep the signal inside a network at a steady level.

`function(x)` normalises an array (samples, features) as the layer does in training with its first gains and shifts.

Traits:
    axis: what the mean and variance are taken over: "samples" or "features".
    depends_on_batch: a sample's answer in training depends on the other samples of its batch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainwell.backend import load_keras
from trainwell.locales import Text
from trainwell.techniques.technique import Family, Source, Technique

Array = npt.NDArray[np.float64]

_EPSILON = 1e-3  # Keras's default in both layers


def _normalised(x: Array, axis: int) -> Array:
    mean = np.mean(x, axis=axis, keepdims=True)
    return (x - mean) / np.sqrt(np.var(x, axis=axis, keepdims=True) + _EPSILON)


def _batch_normalised(x: Array) -> Array:
    return _normalised(x, axis=0)


def _layer_normalised(x: Array) -> Array:
    return _normalised(x, axis=-1)


_BATCH_NORMALIZATION = Technique(
    name="batch_normalization",
    family="normalization",
    title=Text(en="Batch normalisation", zh="批归一化"),
    formula="y = γ · (x − μ) / √(σ² + ε) + β\nμ, σ²: of each feature over the batch",
    source=Source(
        "Batch normalization: accelerating deep network training by reducing internal covariate shift",
        "Ioffe & Szegedy",
        2015,
        "https://arxiv.org/abs/1502.03167",
        "algorithm 1",
    ),
    summary=Text(
        en="Brings each feature to mean 0 and variance 1 over the current batch, then lets the network choose its own "
        "gain and shift: a sound engineer who keeps every channel at a good level. It allows larger learning rates; "
        "later work (Santurkar et al. 2018) traces that to a smoother loss rather than to less covariate shift.",
        zh="把每个特征在当前批次上调整为均值 0、方差 1，再由网络自己学习缩放与平移："
        "像调音师把每个声道都保持在合适的音量。"
        "它允许更大的学习率；后来的研究（Santurkar 等，2018）认为原因是损失曲面更平滑，而不是减少了协变量偏移。",
    ),
    use_when=Text(
        en="In CNNs, between convolution and activation, with batches of 16 or more.",
        zh="卷积网络中，放在卷积与激活之间，批大小不小于 16。",
    ),
    avoid_when=Text(
        en="With tiny batches or in recurrent networks: take layer normalisation. It behaves differently in training "
        "and in use, since in use it takes running averages.",
        zh="批次很小时或循环网络中：请用层归一化。注意它在训练与使用时行为不同：使用时采用滑动平均值。",
    ),
    traits={"axis": "samples", "depends_on_batch": True},
    maker=lambda: load_keras().layers.BatchNormalization(),
    option="--normalization batch_normalization",
    aliases=("batch_norm", "bn", "batch"),
    function=_batch_normalised,
)

_LAYER_NORMALIZATION = Technique(
    name="layer_normalization",
    family="normalization",
    title=Text(en="Layer normalisation", zh="层归一化"),
    formula="y = γ · (x − μ) / √(σ² + ε) + β\nμ, σ²: of each sample over its features",
    source=Source("Layer normalization", "Ba, Kiros & Hinton", 2016, "https://arxiv.org/abs/1607.06450", "eq. 3"),
    summary=Text(
        en="Brings the features of each sample to mean 0 and variance 1, without looking at other samples. It does the "
        "same in training and in use, whatever the size of the batch.",
        zh="把每个样本自身的各个特征调整为均值 0、方差 1，不看其他样本。无论批大小如何，训练与使用时的行为都一致。",
    ),
    use_when=Text(
        en="In Transformers and recurrent networks, and with small batches.",
        zh="Transformer、循环网络，以及批次很小时。",
    ),
    avoid_when=Text(
        en="In CNNs with ordinary batches, where batch normalisation is usually better.",
        zh="批大小正常的卷积网络：批归一化通常更好。",
    ),
    traits={"axis": "features", "depends_on_batch": False},
    maker=lambda: load_keras().layers.LayerNormalization(),
    option="--normalization layer_normalization",
    aliases=("layer_norm", "ln", "layer"),
    function=_layer_normalised,
)

FAMILY = Family(
    name="normalization",
    title=Text(en="normalisation", zh="归一化方法"),
    question=Text(
        en="What keeps the signal inside a network at a steady level?", zh="怎样让网络内部的信号保持稳定的幅度？"
    ),
    techniques=(_BATCH_NORMALIZATION, _LAYER_NORMALIZATION),
)
