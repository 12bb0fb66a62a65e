"""Pictures, and the arrays behind them."""

from trainwell.explain.figure import drawable_language, new_figure, save, to_svg
from trainwell.explain.technique_picture import picture, terminal_picture

__all__ = ["drawable_language", "new_figure", "picture", "save", "terminal_picture", "to_svg"]
