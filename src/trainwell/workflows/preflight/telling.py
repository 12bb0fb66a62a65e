"""What is wrong is said before hours are spent on it."""

from __future__ import annotations

from trainwell.diagnosis import Contract, preflight
from trainwell.locales import Text
from trainwell.report.progress import TrainingProgress


def tell_before(contract: Contract, progress: TrainingProgress) -> None:
    """Say what is wrong before hours are spent on it."""
    for finding in preflight(contract).findings:
        if finding.severity == "error":
            progress.message(
                Text(
                    en=f"{finding.title.en}: {finding.summary.en}",
                    zh=f"{finding.title.zh}：{finding.summary.zh}",
                )
            )
