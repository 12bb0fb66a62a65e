"""Text from a language model: a step with memory, and how the next token is drawn."""

from trainwell.generation.choosing import Choosing
from trainwell.generation.generate import generate
from trainwell.generation.stepper import Stepper

__all__ = ["Choosing", "Stepper", "generate"]
