"""What a run's folder holds besides model and recording."""

from __future__ import annotations

from collections.abc import Sequence

from trainwell.explain.learned import Learned
from trainwell.locales import Language
from trainwell.report.html import write_html
from trainwell.report.result_json import result
from trainwell.whole_file import write_whole
from trainwell.workflows.run import Run, write_json
from trainwell.workflows.run_folder import FACTS, FINDINGS, REPORT, RESULT


def write_run(run: Run, language: Language, learned: Sequence[Learned] = ()) -> None:
    """Everything that a run's folder holds besides model and recording."""
    write_whole(run.folder / FACTS, run.facts.to_json().encode())
    write_whole(run.folder / FINDINGS, (run.facts.diagnosis.to_json() + "\n").encode())
    write_html(run.facts, run.recording, language, run.folder / REPORT, learned)
    write_whole(run.folder / RESULT, write_json(result(run.facts, run.folder)))
