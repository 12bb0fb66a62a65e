"""Compiled training of Keras models on JAX: one pure step, many steps at once, everything visible, nothing changed."""

from trainwell.engine.checkpoint import Checkpoint
from trainwell.engine.checks import check, check_model
from trainwell.engine.listener import Listener, Steps
from trainwell.engine.outcome import Outcome
from trainwell.engine.sources import is_source
from trainwell.engine.step import Observer
from trainwell.engine.training import train

__all__ = ["Checkpoint", "Listener", "Observer", "Outcome", "Steps", "check", "check_model", "is_source", "train"]
