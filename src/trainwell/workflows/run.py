"""A run: what came of a training, in memory and in its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainwell.diagnosis import Diagnosis, Finding, NotChecked
from trainwell.errors import FolderError, ModelError
from trainwell.explain.learned import Learned
from trainwell.locales import Language, Text, preferred_language
from trainwell.report.facts import RunFacts
from trainwell.report.html import write_html
from trainwell.report.result_json import result
from trainwell.signals import Recording
from trainwell.workflows.run_folder import FACTS, LEARNED, MODEL


@dataclass
class Run:
    """A finished training.

    Attributes:
        folder: where everything is kept.
        facts: what the report says.
    """

    folder: Path
    facts: RunFacts
    _model: Any = field(default=None, repr=False)

    @property
    def model(self) -> Any:
        """The trained `keras.Model`; read from the folder (in safe mode) if it is not in memory."""
        if self._model is None:
            self._model = load_model(self.folder / MODEL)
        return self._model

    @property
    def recording(self) -> Recording:
        """What was measured while it trained."""
        return Recording.open(self.folder)

    @property
    def diagnosis(self) -> Diagnosis:
        """What the doctor found, and what was not checked."""
        return self.facts.diagnosis

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The problems found; what to mend first stands first; () for a healthy training."""
        return self.diagnosis.findings

    @property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """The problems that were not looked for, with the reason."""
        return self.diagnosis.not_checked

    @property
    def history(self) -> tuple[dict[str, float], ...]:
        """One row per epoch: epoch, loss, metrics, val_..., learning_rate, seconds."""
        return self.recording.epochs

    @property
    def result(self) -> dict[str, Any]:
        """The content of result.json."""
        return result(self.facts, self.folder)

    @property
    def learned(self) -> tuple[Learned, ...]:
        """What can be shown of what the network has learned; () for a run without a test part."""
        from trainwell.explain.learned import load

        path = self.folder / LEARNED
        return load(path) if path.is_file() else ()

    def report(self, path: str | Path | None = None, language: Language | None = None) -> Path:
        """Write the report as one self-contained HTML file.

        Args:
            path: where; report.html in the run's folder if not given.
            language: "en" or "zh"; that of the environment if not given.
        """
        target = Path(path) if path is not None else self.folder / "report.html"
        return write_html(self.facts, self.recording, language or preferred_language(), target, self.learned)

    def __str__(self) -> str:
        scores = self.facts.scores
        part = "test" if scores.test else "validation" if scores.validation else "train"
        values = ", ".join(f"{name} {value:.4g}" for name, value in scores.of(part).items())
        problems = ", ".join(finding.problem for finding in self.findings) or "none"
        return (
            f"{self.facts.network.name} on {self.facts.data.name}: {part} {values}; problems: {problems}; {self.folder}"
        )


def open_run(folder: str | Path) -> Run:
    """Open a finished run from its folder.

    Raises:
        FolderError: the folder is not that of a finished run.
    """
    path = Path(folder)
    try:
        text = (path / FACTS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FolderError(
            Text(
                en=f"{str(path)!r} is not the folder of a finished run: it has no {FACTS}; "
                "give a folder that `trainwell train` made",
                zh=f"{str(path)!r} 不是已完成运行的文件夹：缺少 {FACTS}；请给出 `trainwell train` 生成的文件夹",
            )
        ) from error
    return Run(path, RunFacts.from_json(text))


def load_model(path: Path) -> Any:
    """Read a Keras model file, safe mode on: code inside the file is never run.

    Raises:
        ModelError: there is none, it is not one, or it would need code of its own.
    """
    from trainwell.backend import load_keras

    keras = load_keras()
    if not path.is_file():
        raise ModelError(
            Text(
                en=f"no model at {str(path)!r}; give the folder of a run or a .keras file",
                zh=f"{str(path)!r} 处没有模型；请给出运行文件夹或 .keras 文件",
            )
        )
    try:
        return keras.models.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises almost anything for a file that is not a model
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ModelError(
            Text(
                en=f"{str(path)!r} is not a Keras model that can be loaded safely ({first}); "
                "give a .keras file as model.save() writes it",
                zh=f"{str(path)!r} 不是可以安全加载的 Keras 模型（{first}）；请给出由 model.save() 保存的 .keras 文件",
            )
        ) from error


def write_json(value: Any) -> bytes:
    """JSON as it stands in a run's folder."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
