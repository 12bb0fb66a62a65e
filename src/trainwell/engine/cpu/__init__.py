"""Faster programs for the CPU where XLA's own are slow: the same results but for rounding."""

from trainwell.engine.cpu.compiler import compiler_options, convolutions_in, left_to_xla
from trainwell.engine.cpu.keras_layers import faster_layers
from trainwell.engine.cpu.lowerings import use_faster_programs

__all__ = ["compiler_options", "convolutions_in", "faster_layers", "left_to_xla", "use_faster_programs"]
