"""What all commands of one call share: the language, where to write, and how much."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from trainwell.locales import Language, Text


@dataclass
class Session:
    """One call of the command line.

    Attributes:
        language: of everything that is said.
        quiet: say nothing but results and errors.
        json: standard output is for JSON alone; everything else goes to standard error.
    """

    language: Language
    quiet: bool = False
    json: bool = False

    def __call__(self, text: Text) -> str:
        """A text in the session's language."""
        return text[self.language]

    @property
    def console(self) -> Any:
        """Where people read."""
        from rich.console import Console

        return Console(stderr=self.json, quiet=self.quiet, highlight=False)

    @property
    def errors(self) -> Any:
        """Where errors and warnings go."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=True)

    def warn(self, text: Text) -> None:
        """One line on standard error."""
        self.errors.print(f"{self(WARNING)}{self(text)}", style="yellow", markup=False)

    def print_json(self, line: str) -> None:
        """One line of JSON on standard output."""
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


WARNING = Text(en="warning: ", zh="警告：")
