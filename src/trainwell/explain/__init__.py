"""Pictures, and the arrays behind them."""

from trainwell.explain.figure import drawable_language, new_figure, save, to_svg
from trainwell.explain.learned import Example, Explanation, Learned, Picture, explain, explanations, pictures
from trainwell.explain.learned import load as load_learned
from trainwell.explain.learned import save as save_learned
from trainwell.explain.technique_picture import picture, terminal_picture

__all__ = [
    "Example",
    "Explanation",
    "Learned",
    "Picture",
    "drawable_language",
    "explain",
    "explanations",
    "load_learned",
    "new_figure",
    "picture",
    "pictures",
    "save",
    "save_learned",
    "terminal_picture",
    "to_svg",
]
