"""What can be known before the first step: arrays, last layer, loss and optimizer, as a contract for the doctor."""

from trainwell.workflows.preflight.contract import contract_of
from trainwell.workflows.preflight.one_batch import one_batch_of
from trainwell.workflows.preflight.telling import tell_before

__all__ = ["contract_of", "one_batch_of", "tell_before"]
