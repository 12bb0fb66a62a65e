"""A plain PyTorch loop written for speed: data in memory, channels last, fused Adam; compiled if asked."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from racing.assignment import EPSILON, RATE, Assignment
from racing.torch_networks import IMAGES, built


def tensors(assignment: Assignment, x: Any, y: Any) -> Any:
    """Inputs as PyTorch takes them (images stay channels last in memory), class numbers as int64."""
    x = torch.from_numpy(x)
    return (x.permute(0, 3, 1, 2) if assignment.network in IMAGES else x), torch.from_numpy(y).long()


def prepared(assignment: Assignment, weights: list[Any]) -> nn.Module:
    model = built(assignment, weights)
    return model.to(memory_format=torch.channels_last) if assignment.network in IMAGES else model


def loss_of(logits: Any, y: Any) -> Any:
    """Mean over all answers: (samples, classes), or (samples, steps, classes) with a target for every step."""
    return nn.functional.cross_entropy(logits.flatten(0, -2), y.flatten())


def adam(model: nn.Module) -> Any:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.optim.Adam(trained, lr=RATE, eps=EPSILON, fused=True)


def updates_of(optimizer: Any) -> int:
    """Steps that the optimizer counted."""
    return int(max(state["step"] for state in optimizer.state.values()))


class Contestant:
    """A PyTorch module with the weights of the Keras network.

    Args:
        assignment: what is trained.
        weights: in Keras's order.
        compiled: whether the module is compiled with `torch.compile`.
    """

    def __init__(self, assignment: Assignment, weights: list[Any], compiled: bool = False):
        self.assignment, self.model = assignment, prepared(assignment, weights)
        self.parameters = sum(p.numel() for p in self.model.parameters() if p.requires_grad)
        self.called = torch.compile(self.model) if compiled else self.model

    @staticmethod
    def versions() -> dict[str, str]:
        return {"torch": torch.__version__}

    def loss(self, x: Any, y: Any) -> float:
        x, y = tensors(self.assignment, x, y)
        self.model.eval()
        with torch.no_grad():
            return float(loss_of(self.model(x), y))

    def accuracy(self, x: Any, y: Any) -> float:
        self.model.eval()
        with torch.no_grad():
            return float((self.model(x).argmax(-1) == y).double().mean())

    def train(self, x: Any, y: Any, validation: Any, epochs: int, goes_on: Any) -> int:
        """Train; returns how many updates the optimizer counted."""
        batch, optimizer = self.assignment.batch, adam(self.model)
        x, y = tensors(self.assignment, x, y)
        held_out = tensors(self.assignment, *validation) if validation is not None else None
        for _ in range(epochs):
            self.model.train()
            total, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
            order = (torch.randperm if self.assignment.shuffle else torch.arange)(len(x)).split(batch)
            for rows in order:
                logits, wanted = self.called(self._rows(x, rows)), y[rows]
                loss = loss_of(logits, wanted)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.detach()
                right += (logits.detach().argmax(-1) == wanted).sum()
            accuracy = self.accuracy(*held_out) if held_out is not None else None
            if not goes_on(float(total) / len(order), accuracy):
                break
        return updates_of(optimizer)

    def _rows(self, x: Any, rows: Any) -> Any:
        chosen = x[rows]
        return chosen.contiguous(memory_format=torch.channels_last) if self.assignment.network in IMAGES else chosen
