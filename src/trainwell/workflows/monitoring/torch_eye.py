"""Keras's own training on torch: gradients by autograd, and the train function that takes the batches themselves."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from trainwell.workflows.monitoring.eager_eye import EagerEye
from trainwell.workflows.monitoring.samples import samples_of
from trainwell.workflows.monitoring.taps import TappedTraining, batch_of


class TorchEye(EagerEye):
    """See `EagerEye`."""

    def gradients(self, loss: Callable[[], Any], weights: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """By `torch.autograd.grad`, which leaves every `.grad` alone."""
        import torch  # pyright: ignore[reportMissingImports]

        value = loss()
        found = torch.autograd.grad(value, list(weights), allow_unused=True)
        return value.detach(), found

    def undisturbed(self) -> AbstractContextManager[Any]:
        """Keras's dropout without a seed draws from torch's global random state."""
        import torch  # pyright: ignore[reportMissingImports]

        return torch.random.fork_rng()

    @contextmanager
    def at_start(self) -> Generator[None]:
        """See `Eye`; nothing is differentiated there."""
        import torch  # pyright: ignore[reportMissingImports]

        with torch.no_grad(), super().at_start():
            yield


class TorchTraining(TappedTraining):
    """On torch: ([batch]) -> logs."""

    def _tapped(self, *given: Any) -> Any:
        batch = batch_of(given[0][0])
        self._before(None, batch)
        logs = self.plain(*given)
        self._after(logs, [samples_of(batch.x)])
        return logs
