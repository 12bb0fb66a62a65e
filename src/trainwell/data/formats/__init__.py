"""How raw samples become the arrays that a network takes, and how they are read again at prediction; one file per kind.

A format is fitted on the training part, kept in the run's folder (`input.json`), and read from there by `predict`. A
module of this package that has a class under the name `FORMAT` is a format: there is no list to edit.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy.typing as npt

from trainwell.data.dataset import Kind, Note
from trainwell.errors import FolderError
from trainwell.locales import Text


@dataclass(frozen=True, eq=False)
class Samples:
    """New samples, read for prediction.

    Attributes:
        names: what each is called: a file, a row of a file, or its place.
        x: (samples, *input shape), as the network takes them.
        shown: how each is shown beside its answer (a text, say); () if the name is enough.
        notes: what was left out or replaced, to be said aloud.
    """

    names: tuple[str, ...]
    x: npt.NDArray[Any]
    shown: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


class InputFormat(Protocol):
    """What each format offers; a frozen dataclass of plain values.

    Attributes:
        KIND: the kind of data.
    """

    KIND: ClassVar[Kind]

    def encode(self, raw: Any, /) -> npt.NDArray[Any]:
        """Raw samples, as the kind of source hands them over in `Part.x`, as inputs (samples, *input shape)."""
        ...

    def read(self, source: Any, /, *, strict: bool = False) -> Samples:
        """New samples from a path, or from raw values in memory, as raw as those of training.

        Raises:
            DataError: the source does not fit; the text says where and how to mend it.
        """
        ...

    def show(self, sample: npt.NDArray[Any], /) -> str:
        """One input (*input shape) as a person reads it, in one line."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain JSON."""
        ...

    @classmethod
    def from_json(cls, values: Mapping[str, Any], /) -> Self:
        """Back from `to_json`."""
        ...


def format_from_json(values: Mapping[str, Any]) -> InputFormat:
    """The format that `{"kind": ..., **format.to_json()}` describes.

    Raises:
        FolderError: it describes none.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = {module.FORMAT.KIND: module.FORMAT for module in modules if hasattr(module, "FORMAT")}
    try:
        return found[values["kind"]].from_json({name: value for name, value in values.items() if name != "kind"})
    except (KeyError, TypeError, ValueError) as error:
        raise FolderError(
            Text(
                en=f"the run does not say how its inputs are read ({error!s:.80}); give the folder of a run, unchanged",
                zh=f"运行记录没有说明如何读取输入（{error!s:.80}）；请给出未经改动的运行文件夹",
            )
        ) from error


def format_to_json(chosen: InputFormat) -> dict[str, Any]:
    """What `format_from_json` reads."""
    return {"kind": chosen.KIND, **chosen.to_json()}
