"""A recorded case, read back: its facts, and what any tool may see of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import trainwell as tw
from gallery.alarm import Alarm
from trainwell.diagnosis import Diagnosis

Told = Literal["again", "then"]


@dataclass(frozen=True)
class Recorded:
    """One case on disk.

    Attributes:
        folder: of the case.
        facts: content of case.json.
    """

    folder: Path
    facts: dict[str, Any]

    @property
    def run(self) -> Path:
        """The folder of the training itself."""
        return self.folder / "run"

    @property
    def score(self) -> float | None:
        """Accuracy or R² on the held-out samples; None if there is none."""
        return self.facts["score"]

    @cached_property
    def recording(self) -> tw.Recording | None:
        """What was measured; None if no step was possible."""
        return tw.Recording.open(self.run) if self.facts["step_possible"] else None

    @cached_property
    def blueprint(self) -> dict[str, Any]:
        """The training as data; empty for a model that Keras cannot write down."""
        path = self.run / "blueprint.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """Facts of the data that can be seen before the training."""
        return json.loads((self.folder / "inputs.json").read_text(encoding="utf-8"))

    def alarms(self, said: Told = "again") -> tuple[Alarm, ...]:
        """The doctor's findings: by today's rules, or as they were when the training ended.

        A training without a step has only its contract, which is not kept: there, what was said then is taken.
        """
        if said == "again" and self.facts["step_possible"]:
            diagnosis = tw.diagnose(self.run)
        else:
            path = self.run / "findings.json"
            diagnosis = Diagnosis.from_json(path.read_text(encoding="utf-8"), str(path))
        return tuple(
            Alarm(
                frozenset({finding.problem}),
                finding.problem,
                finding.severity,
                finding.layers,
                finding.steps[0] if finding.steps else None,
                finding.summary.en,
            )
            for finding in diagnosis.findings
        )


def all_recorded(out: Path) -> list[Recorded]:
    """Every finished case below the folder of the gallery, by name."""
    return [
        Recorded(path.parent, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(out.glob("[!.]*/case.json"))
    ]
