"""Find all explanations, measure those that apply, draw them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from trainwell.errors import TrainwellError
from trainwell.explain.learned import views
from trainwell.explain.learned.example import Example
from trainwell.explain.learned.explanation import Explanation, Learned, Picture
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@cache
def explanations() -> tuple[Explanation, ...]:
    """Every explanation of the folder `views/`, by name."""
    modules = [importlib.import_module(f"{views.__name__}.{m.name}") for m in pkgutil.iter_modules(views.__path__)]
    return tuple(sorted((m.EXPLANATION for m in modules), key=lambda explanation: explanation.name))


def explain(model: Any, examples: Sequence[Example]) -> tuple[Learned, ...]:
    """Everything that can be shown of a trained network.

    The model stays as it is: no weight, no random state and no setting of it changes. An explanation that does not
    apply is not in the result; one that fails is, with the reason.

    Args:
        model: a built Keras model with one input and one output.
        examples: real inputs; the first one is shown where there is room for one only.
    """
    if not examples:
        return ()
    return tuple(one for e in explanations() if (one := _measured(e, model, tuple(examples))) is not None)


def pictures(learned: Sequence[Learned], language: Language) -> list[Picture]:
    """Each explanation as a figure with its words; one that failed as a few words that say why.

    >>> pictures([], "en")
    []
    """
    known = {explanation.name: explanation for explanation in explanations()}
    return [_drawn(known[one.name], one, language) for one in learned if one.name in known]


def _measured(explanation: Explanation, model: Any, examples: tuple[Example, ...]) -> Learned | None:
    try:
        arrays = explanation.measure(model, examples)
    except Exception as error:  # noqa: BLE001 (a picture that fails must not cost the training or the other pictures)
        return Learned(explanation.name, {}, _reason(error))
    return None if arrays is None else Learned(explanation.name, dict(arrays))


def _drawn(explanation: Explanation, one: Learned, language: Language) -> Picture:
    title, caption = explanation.title[language], explanation.caption[language]
    if one.left_out is not None:
        return Picture(one.name, title, one.left_out[language], _notice(one.left_out[language]))
    try:
        return Picture(one.name, title, caption, explanation.draw(one.arrays, language))
    except Exception as error:  # noqa: BLE001 (as above)
        return Picture(one.name, title, caption, _notice(_reason(error)[language]))


def _reason(error: Exception) -> Text:
    if isinstance(error, TrainwellError):
        return error.message
    said = " ".join(str(error).split())[:160]
    return Text(
        en=f"This picture could not be made for this network: {type(error).__name__}: {said}",
        zh=f"无法为这个网络绘制此图：{type(error).__name__}：{said}",
    )


def _notice(sentence: str) -> Figure:
    from trainwell.explain.learned.canvas import empty_figure, words

    figure = empty_figure(0.8)
    figure.text(0.02, 0.5, words(sentence, 300), fontsize=9, va="center", wrap=True)
    return figure
