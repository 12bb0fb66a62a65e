"""The same networks in PyTorch, of its own modules, with the weights of the Keras network.

Where Keras has one bias and PyTorch two that are only ever added (RNN, LSTM), the second is zero and not trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from racing.assignment import CHANNELS, CHARACTERS, CLASSES, FEATURES, WORDS, Assignment

Weights = Iterator[Any]


def built(assignment: Assignment, weights: list[Any]) -> nn.Module:
    """The module, with the weights of the Keras network in Keras's order; it answers logits (samples, classes)."""
    torch.manual_seed(assignment.seed)
    rest = iter(weights)
    model: nn.Module = NETWORKS[assignment.network](assignment.size, rest)
    left = sum(1 for _ in rest)
    if left:
        raise ValueError(f"{left} weights of the Keras network have no place in the PyTorch network")
    return model


def _set(parameter: Any, value: Any) -> None:
    value = torch.from_numpy(value)
    if parameter.shape != value.shape:
        raise ValueError(f"a weight of shape {tuple(value.shape)} for {tuple(parameter.shape)}")
    with torch.no_grad():
        parameter.copy_(value)


def dense(inputs: int, outputs: int, weights: Weights, order: Callable[[Any], Any] = lambda kernel: kernel) -> Any:
    layer = nn.Linear(inputs, outputs)
    _set(layer.weight, order(next(weights)).T.copy())
    _set(layer.bias, next(weights))
    return layer


def convolution(
    inputs: int, outputs: int, kernel: int, weights: Weights, *, stride: int = 1, padding: int = 0, bias: bool = True
) -> Any:
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=bias)
    _set(layer.weight, next(weights).transpose(3, 2, 0, 1).copy())
    if bias:
        _set(layer.bias, next(weights))
    return layer


def channels_first(side: int, channels: int) -> Callable[[Any], Any]:
    """Rows of a dense kernel behind Flatten: from Keras's (row, column, channel) to PyTorch's order."""
    return lambda kernel: kernel.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)


def cnn(size: dict[str, int], weights: Weights) -> nn.Module:
    side = ((size["side"] - 2) // 2 - 2) // 2
    first = [convolution(3, 32, 3, weights), nn.ReLU(), nn.MaxPool2d(2)]
    second = [convolution(32, 64, 3, weights), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    hidden = dense(64 * side**2, 128, weights, channels_first(side, 64))
    return nn.Sequential(*first, *second, hidden, nn.ReLU(), dense(128, CLASSES, weights))


def digits_cnn(_: dict[str, int], weights: Weights) -> nn.Module:
    first = [convolution(1, 16, 3, weights, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    second = [convolution(16, 32, 3, weights, padding=1), nn.ReLU(), nn.Flatten()]
    hidden = dense(32 * 16, 64, weights, channels_first(4, 32))
    return nn.Sequential(*first, *second, hidden, nn.ReLU(), dense(64, CLASSES, weights))


def _convolved(inputs: int, outputs: int, kernel: int, stride: int, weights: Weights) -> nn.Module:
    """Keras's defaults of batch normalisation; its "same" padding differs by a shift where the stride is 2."""
    convolved = convolution(inputs, outputs, kernel, weights, stride=stride, padding=kernel // 2, bias=False)
    normal = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
    for parameter in (normal.weight, normal.bias, normal.running_mean, normal.running_var):
        _set(parameter, next(weights))
    return nn.Sequential(convolved, normal)


class Block(nn.Module):
    """A residual block; the order of making is that of Keras's weights."""

    def __init__(self, inputs: int, outputs: int, stride: int, weights: Weights):
        super().__init__()
        self.first = _convolved(inputs, outputs, 3, stride, weights)
        if stride > 1:
            second, self.straight = _crossed(inputs, outputs, stride, weights)
            self.second = second
        else:
            self.second, self.straight = _convolved(outputs, outputs, 3, 1, weights), nn.Identity()

    def forward(self, x: Any) -> Any:
        y = self.second(torch.relu(self.first(x)))
        return torch.relu(y + self.straight(x))


def _crossed(inputs: int, outputs: int, stride: int, weights: Weights) -> Any:
    """Second convolution and shortcut; Keras sorts layers by depth: both convolutions, then both normalisations."""
    kernels = [next(weights), next(weights)]
    normals = [[next(weights) for _ in range(4)] for _ in range(2)]
    second = _convolved(outputs, outputs, 3, 1, iter([kernels[0], *normals[0]]))
    return second, _convolved(inputs, outputs, 1, stride, iter([kernels[1], *normals[1]]))


def resnet(_: dict[str, int], weights: Weights) -> nn.Module:
    stem = [_convolved(3, 16, 3, 1, weights), nn.ReLU()]
    blocks = [Block(*sizes, weights) for sizes in ((16, 16, 1), (16, 32, 2), (32, 64, 2))]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense(64, CLASSES, weights))


def mlp(size: dict[str, int], weights: Weights) -> nn.Module:
    widths = [FEATURES, *[size["width"]] * size["depth"]]
    hidden = [part for inputs, outputs in pairwise(widths) for part in (dense(inputs, outputs, weights), nn.ReLU())]
    return nn.Sequential(*hidden, dense(widths[-1], CLASSES, weights))


class Recurrent(nn.Module):
    """A cell of PyTorch, and a dense layer on its last state."""

    def __init__(self, kind: str, width: int, weights: Weights):
        super().__init__()
        self.cell = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind](CHANNELS, width, batch_first=True)
        kernel, recurrent, bias = (self._gates(kind, next(weights)) for _ in range(3))
        _set(self.cell.weight_ih_l0, kernel.T.copy())
        _set(self.cell.weight_hh_l0, recurrent.T.copy())
        if kind == "gru":
            _set(self.cell.bias_ih_l0, bias[0].copy())
            _set(self.cell.bias_hh_l0, bias[1].copy())
        else:
            _set(self.cell.bias_ih_l0, bias)
            nn.init.zeros_(self.cell.bias_hh_l0)
            self.cell.bias_hh_l0.requires_grad_(False)
        self.answer = dense(width, CLASSES, weights)

    @staticmethod
    def _gates(kind: str, weight: Any) -> Any:
        """Keras's GRU has the update gate first, PyTorch's the reset gate; of the LSTM the order is the same."""
        if kind != "gru":
            return weight
        update, reset, state = (weight[..., part] for part in _thirds(weight.shape[-1]))

        return np.concatenate([reset, update, state], axis=-1)

    def forward(self, x: Any) -> Any:
        return self.answer(self.cell(x)[0][:, -1])


def _thirds(width: int) -> list[slice]:
    return [slice(part * width // 3, (part + 1) * width // 3) for part in range(3)]


def recurrent(kind: str) -> Any:
    return lambda size, weights: Recurrent(kind, size["width"], weights)


class Attentive(nn.Module):
    """Embeddings, blocks of `nn.TransformerEncoderLayer` (pre-norm), a last normalisation, a dense layer."""

    def __init__(self, size: dict[str, int], words: int, outputs: int, dropout: float, causal: bool, weights: Weights):
        super().__init__()
        width, steps = size["width"], size["steps"]
        self.words, self.places = nn.Embedding(words, width), nn.Embedding(steps, width)
        _set(self.words.weight, next(weights))
        _set(self.places.weight, next(weights))
        self.blocks = nn.ModuleList(_block(size, dropout, weights) for _ in range(size["depth"]))
        self.norm = _norm(nn.LayerNorm(width), weights)
        self.answer = dense(width, outputs, weights)
        self.causal = causal
        mask = nn.Transformer.generate_square_subsequent_mask(steps) if causal else None
        self.register_buffer("mask", mask)
        self.register_buffer("steps", torch.arange(steps))

    def forward(self, x: Any) -> Any:
        x = self.words(x) + self.places(self.steps)
        for block in self.blocks:
            x = block(x, src_mask=self.mask, is_causal=self.causal)
        x = self.norm(x)
        return self.answer(x if self.causal else x.mean(1))


def _norm(layer: Any, weights: Weights) -> Any:
    _set(layer.weight, next(weights))
    _set(layer.bias, next(weights))
    return layer


def _block(size: dict[str, int], dropout: float, weights: Weights) -> Any:
    width = size["width"]
    block = nn.TransformerEncoderLayer(
        width, size["heads"], 4 * width, dropout, batch_first=True, norm_first=True, activation="relu"
    )
    _norm(block.norm1, weights)

    parts = [(next(weights).reshape(width, width), next(weights).reshape(width)) for _ in range(3)]  # query, key, value
    _set(block.self_attn.in_proj_weight, np.concatenate([kernel.T for kernel, _ in parts]))
    _set(block.self_attn.in_proj_bias, np.concatenate([bias for _, bias in parts]))
    _set(block.self_attn.out_proj.weight, next(weights).reshape(width, width).T.copy())
    _set(block.self_attn.out_proj.bias, next(weights))
    _norm(block.norm2, weights)
    for layer in (block.linear1, block.linear2):
        _set(layer.weight, next(weights).T.copy())
        _set(layer.bias, next(weights))
    return block


NETWORKS = {
    "cnn": cnn,
    "resnet": resnet,
    "mlp": mlp,
    "simple_rnn": recurrent("rnn"),
    "lstm": recurrent("lstm"),
    "gru": recurrent("gru"),
    "transformer": lambda size, weights: Attentive(size, WORDS, CLASSES, 0.1, False, weights),
    "decoder": lambda size, weights: Attentive(size, CHARACTERS, CHARACTERS, 0.0, True, weights),
    "digits_mlp": mlp,
    "digits_cnn": digits_cnn,
}
IMAGES = ("cnn", "resnet", "digits_cnn")
