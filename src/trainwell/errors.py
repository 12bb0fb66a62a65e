"""Every error that trainwell raises on purpose, as one tree.

    TrainwellError
    ├── InputError (ValueError)         something given was wrong: exit code 2
    │   ├── DataError                   ... in the data
    │   ├── UnknownNameError            ... a name that does not exist; lists the nearest known ones
    │   ├── SettingError                ... a value of an option or argument
    │   ├── ModelError                  ... the Keras model
    │   └── FolderError                 ... a file or folder to read from or write to
    └── EngineError (RuntimeError)      trainwell itself failed: exit code 3

An error says what was given, what was expected, where, and how to mend it, in one line, in English and Chinese.
A finding about a training is a value (`diagnosis.Finding`), never an exception.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from trainwell.locales import Language, Text


class TrainwellError(Exception):
    """Root of the tree; `str(error)` is English, `error.text(language)` either language."""

    def __init__(self, message: Text):
        super().__init__(message.en)
        self.message = message

    def text(self, language: Language) -> str:
        """The message, one line, in `language`."""
        return self.message[language]


class InputError(TrainwellError, ValueError):
    """Something given was wrong; the command line ends with exit code 2."""


class DataError(InputError):
    """The data cannot be learned from as they are."""


class SettingError(InputError):
    """An option or argument has a value that cannot work."""


class ModelError(InputError):
    """A model or model file that cannot be used."""


class FolderError(InputError):
    """A file or folder that cannot be read from or written to."""


class EngineError(TrainwellError, RuntimeError):
    """Trainwell itself failed; the command line ends with exit code 3."""


class UnknownNameError(InputError):
    """A name that does not exist; the nearest known names are listed."""

    def __init__(self, what: Text, given: str, known: Iterable[str]):
        names = sorted(set(known))
        near = difflib.get_close_matches(given, names, n=3, cutoff=0.5)
        shown = ", ".join(near or names)
        super().__init__(
            Text(
                en=f"unknown {what.en} {given!r}; " + (f"did you mean {shown}?" if near else f"known are: {shown}"),
                zh=f"未知的{what.zh} {given!r}；" + (f"您是否想用：{shown}？" if near else f"已知的有：{shown}"),
            )
        )
        self.given = given
        self.near = tuple(near)
