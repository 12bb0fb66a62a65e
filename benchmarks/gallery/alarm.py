"""What a tool says about a training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alarm:
    """One thing that a tool says.

    Attributes:
        means: identifiers of all problems that it could mean.
        rule: what the tool calls it.
        severity: "error", "warning" or "note"; notes are no alarms.
        layers: the layers that it names.
        step: where it began, if it says so.
        summary: in words.
    """

    means: frozenset[str]
    rule: str
    severity: str = "warning"
    layers: tuple[str, ...] = ()
    step: int | None = None
    summary: str = ""

    @property
    def loud(self) -> bool:
        """Whether it asks for something to be done."""
        return self.severity != "note"
