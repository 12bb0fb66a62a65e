"""Faster programs for the CPU where XLA's own are slow: the same results, other instructions."""

from trainwell.engine.cpu.lowerings import use_faster_programs

__all__ = ["use_faster_programs"]
