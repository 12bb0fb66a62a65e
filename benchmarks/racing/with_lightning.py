"""Lightning's `Trainer.fit`, with its logger, checkpoints and progress bar off."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import lightning
import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from racing import with_torch
from racing.assignment import Assignment
from racing.torch_networks import IMAGES


class Module(lightning.LightningModule):
    """The PyTorch module with its training step."""

    def __init__(self, model: Any, images: bool):
        super().__init__()
        self.model, self.images = model, images
        self.total, self.right, self.batches, self.seen = torch.zeros(()), torch.zeros(()), 0, 0
        self.val_right, self.val_seen = 0.0, 0

    def training_step(self, batch: Any, _: int) -> Any:
        x, y = batch
        logits = self.model(x.contiguous(memory_format=torch.channels_last) if self.images else x)
        loss = with_torch.loss_of(logits, y)
        self.total += loss.detach()
        self.right += (logits.detach().argmax(-1) == y).sum()
        self.batches += 1
        return loss

    def validation_step(self, batch: Any, _: int) -> None:
        x, y = batch
        self.val_right += float((self.model(x).argmax(-1) == y).sum())
        self.val_seen += len(y)

    def configure_optimizers(self) -> Any:
        return with_torch.adam(self.model)


class AfterEpoch(lightning.Callback):
    """Asks after every epoch whether to go on."""

    def __init__(self, goes_on: Any):
        self.goes_on = goes_on

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        accuracy = module.val_right / module.val_seen if module.val_seen else None
        if not self.goes_on(float(module.total) / module.batches, accuracy):
            trainer.should_stop = True
        module.total.zero_()
        module.right.zero_()
        module.batches, module.val_right, module.val_seen = 0, 0.0, 0


class Contestant(with_torch.Contestant):
    """The same PyTorch module, trained by Lightning."""

    def __init__(self, assignment: Assignment, weights: list[Any]):
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        warnings.filterwarnings("ignore")
        super().__init__(assignment, weights)

    @staticmethod
    def versions() -> dict[str, str]:
        return {"lightning": lightning.__version__, "torch": torch.__version__}

    def train(self, x: Any, y: Any, validation: Any, epochs: int, goes_on: Any) -> int:
        """Train; returns how many updates the optimizer counted."""
        module = Module(self.model, self.assignment.network in IMAGES)
        trainer = lightning.Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            callbacks=[AfterEpoch(goes_on)],
        )
        held_out = self._loader(*validation, shuffle=False) if validation is not None else None
        trainer.fit(module, self._loader(x, y, shuffle=self.assignment.shuffle), held_out)
        return with_torch.updates_of(trainer.optimizers[0])

    def _loader(self, x: Any, y: Any, *, shuffle: bool) -> Any:
        """Batches are taken by one index operation: much faster than sample by sample."""
        data = TensorDataset(*with_torch.tensors(self.assignment, x, y))
        order = RandomSampler(data) if shuffle else range(len(data))
        return DataLoader(data, sampler=BatchSampler(order, self.assignment.batch, drop_last=False), batch_size=None)
