"""What can be known before the first step: arrays, last layer, loss and optimizer, as a contract for the doctor."""

from trainwell.workflows.preflight.contract import contract_of

__all__ = ["contract_of"]
