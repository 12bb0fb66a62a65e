"""What looks into the steps of Keras's own training, one for each backend."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from trainwell.blueprint import LayerInfo
from trainwell.engine.step import Batch
from trainwell.workflows.monitoring.pending import Glance


class Eye(Protocol):
    """Sees a step without changing a bit of it.

    `state` is what the backend's train function is given besides the data: on JAX the values of all variables, else
    nothing, for there they stand in the model.
    """

    def prepare(self, state: Any, batch: Batch) -> Sequence[LayerInfo]:
        """Name the layers, before the first step."""
        ...

    def keep_start(self, state: Any) -> None:
        """Copy the initial weights."""
        ...

    def at_start(self) -> AbstractContextManager[None]:
        """Within the block, the model reads as it did before the first step."""
        ...

    def forget_start(self) -> None:
        """Drop that copy."""
        ...

    def wait(self, values: Any) -> None:
        """Until the device has computed these."""
        ...

    def before(self, state: Any, batch: Batch) -> Any:
        """Look, just before the step with this batch."""
        ...

    def after(self, seen: Any) -> Glance:
        """What `before` saw, and what the step did; called just after it."""
        ...

    def fetch(self, values: Sequence[Any]) -> list[float | None]:
        """Scalars of the device, or None, as numbers."""
        ...
