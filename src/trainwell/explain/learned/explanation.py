"""What a picture of a trained network is: how it is measured, how it is drawn, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from trainwell.explain.learned.example import Example
from trainwell.locales import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Explanation:
    """One kind of picture; each file in `views/` offers one under the name `EXPLANATION`.

    Attributes:
        name: identifier, the name of its file.
        title: what is seen.
        caption: two to four sentences: what it means, and what to look for.
        measure: (model, examples) -> numbers and strings as arrays, small enough to keep; None where the picture does
            not apply. Leaves the model as it is.
        draw: (arrays, language) -> figure; needs no Keras.
    """

    name: str
    title: Text
    caption: Text
    measure: Callable[[Any, tuple[Example, ...]], Arrays | None]
    draw: Callable[[Arrays, Language], Figure]


@dataclass(frozen=True, eq=False)
class Learned:
    """What one explanation found out about a network.

    Attributes:
        name: of the explanation.
        arrays: what it measured; {} if it failed.
        left_out: why there is no picture, or None.
    """

    name: str
    arrays: Arrays
    left_out: Text | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with its words, in one language."""

    name: str
    title: str
    caption: str
    figure: Figure
