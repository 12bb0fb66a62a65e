"""Run somebody's own Keras script, unchanged, and record every training in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from trainwell.backend import load_keras
from trainwell.errors import InputError, TrainwellError
from trainwell.locales import Language, Text, preferred_language
from trainwell.report.progress import TrainingProgress
from trainwell.workflows.run import Run
from trainwell.workflows.run_folder import free_name
from trainwell.workflows.watching.engine_fit import EngineFit, Refused
from trainwell.workflows.watching.keras_fit import Plain, fits_given_to, why_not
from trainwell.workflows.watching.recorded import recorded
from trainwell.workflows.watching.script import (
    check,
    from_script_on,
    line_of_call,
    place,
    place_of_error,
    run,
)
from trainwell.workflows.watching.tensorflow_import import (
    TensorFlowImportError,
    TensorFlowNameError,
    tensorflow_served,
)

MOST_RUNS = 20  # a script that fits in a loop (a search, one epoch at a time) would drown in reports


class Audience(Protocol):
    """Told what happens while the script runs."""

    def progress(self, verbose: int) -> TrainingProgress | None:
        """What shows a fit of this Keras `verbose` (0 nothing, 1 a bar, 2 a line per epoch)."""
        ...

    def recorded(self, run: Run) -> None:
        """A fit is done and kept."""
        ...

    def not_recorded(self, reason: Text) -> None:
        """A fit is left to Keras, or has no report, and why."""
        ...


@dataclass(frozen=True)
class Watched:
    """How a script ended.

    Attributes:
        exit_code: of the script: 0 at its end, 1 after an exception, else that of its `sys.exit`; 130 after Ctrl-C.
        runs: one per recorded fit, in their order.
        not_recorded: one sentence for each place where a fit was left to Keras or has no report.
        error: the exception that ended the script, its traceback beginning in the script; None if none did.
    """

    exit_code: int
    runs: tuple[Run, ...]
    not_recorded: tuple[Text, ...]
    error: BaseException | None = None


def watch(
    script: str | Path,
    arguments: Sequence[str] = (),
    *,
    out: str | Path = "runs",
    every: int | None = None,
    audience: Audience | None = None,
    language: Language | None = None,
) -> Watched:
    """Run a Keras script as `python script.py` would, on JAX, and record every `model.fit` in it.

    `tensorflow.keras` is Keras 3, whether TensorFlow is installed or not. A fit that the engine cannot do (a training
    step of its own, `run_eagerly`) is left to Keras, and the reason is told. Weights end as Keras's fit leaves them.

    Args:
        script: a Python file.
        arguments: its own command-line arguments.
        out: folder in which each fit gets a run folder: SCRIPT-1, SCRIPT-2, ...
        every: look into the layers at every so many steps; chosen from the measured cost if not given.
        audience: told what happens.
        language: of the reports; that of the environment if not given.

    Returns:
        How the script ended. An exception of the script is a value here, for it is not trainwell's.

    Raises:
        FolderError: there is no such script, or the run folders cannot be written.
        InputError: it is not Python, or it needs TensorFlow, which is not installed; file and line.
    """
    path = Path(script)
    check(path)
    load_keras()
    watching = _Watching(
        path,
        Path(out),
        every,
        audience,
        language or preferred_language(),
        shlex.join(["trainwell", "watch", str(path), *arguments]),
    )
    code, error = 0, None
    with tensorflow_served(), fits_given_to(watching.fit):
        try:
            code = run(path, arguments)
        except (TensorFlowImportError, TensorFlowNameError) as missing:
            where = place_of_error(missing, path)
            said = Text(en=where.en + missing.message.en, zh=where.zh + missing.message.zh)
            raise InputError(said) from missing
        except TrainwellError:
            raise
        except KeyboardInterrupt as interruption:
            code, error = 130, interruption
        except Exception as own:  # noqa: BLE001 (whatever somebody's script raises is shown, not trainwell's failure)
            code, error = 1, from_script_on(own, path)
    return Watched(code, tuple(watching.runs), tuple(watching.not_recorded), error)


class _Watching:
    """Records the fits of one script."""

    def __init__(
        self, script: Path, out: Path, every: int | None, audience: Audience | None, language: Language, command: str
    ):
        self.runs: list[Run] = []
        self.not_recorded: list[Text] = []
        self._script, self._out, self._every = script, out, every
        self._audience, self._command = audience, command
        self._language: Language = language
        self._inside = False

    def fit(self, model: Any, arguments: Mapping[str, Any], plain: Plain) -> Any:
        """One call of `model.fit`, in place of Keras's; the history, as Keras returns it."""
        if self._inside:
            reason: Text | None = Text(en="it runs inside another fit", zh="它在另一次 fit 之内运行")
        elif len(self.runs) == MOST_RUNS:
            reason = Text(en=f"{MOST_RUNS} fits are recorded already", zh=f"已记录 {MOST_RUNS} 次 fit")
        else:
            reason = why_not(model, arguments)
        if reason is None:
            self._inside = True
            try:
                return self._recorded(model, arguments)
            except Refused as refused:
                reason = refused.error.message
            finally:
                self._inside = False
        self._leave_to_keras(reason)
        return plain()

    def _recorded(self, model: Any, arguments: Mapping[str, Any]) -> Any:
        line = line_of_call(self._script)
        training = EngineFit(model, arguments, self._every)
        source = self._script.name if line is None else f"{self._script.name}:{line}"
        audience = self._audience
        progress = audience.progress(training.verbose) if audience else None
        folder = free_name(self._out, self._script.stem)
        outcome, kept = recorded(
            training,
            folder,
            model=model,
            data=lambda: training.data.facts(model, self._script.stem, source, training.seen),
            settings=training.settings,
            early=training.early_stopping,
            command=self._command,
            progress=progress,
            language=self._language,
            contract=training.contract,
            memory=training.memory,
            rare_class=training.rare_class,
        )
        if isinstance(kept, Run):
            self.runs.append(kept)
            if audience:
                audience.recorded(kept)
        else:
            self._tell(_no_report(kept, folder))
        if outcome.stopped == "interrupted":  # kept; the script learns of Ctrl-C as it would from Keras
            raise KeyboardInterrupt
        return model.history

    def _leave_to_keras(self, reason: Text) -> None:
        self._tell(
            Text(
                en=f"this fit is left to Keras and not recorded: {reason.en}",
                zh=f"这次 fit 由 Keras 执行，不作记录：{reason.zh}",
            )
        )

    def _tell(self, what: Text) -> None:
        where = place(self._script.name, line_of_call(self._script))
        said = Text(en=where.en + what.en, zh=where.zh + what.zh)
        if said not in self.not_recorded:
            self.not_recorded.append(said)
            if self._audience:
                self._audience.not_recorded(said)


def _no_report(error: Exception, folder: Path) -> Text:
    """The training went well, what should be kept of it did not."""
    if isinstance(error, TrainwellError):
        reason = error.message
    else:
        shown = f"{type(error).__name__}: {error!s:.200}"
        reason = Text(
            en=f"{shown}; please report this defect of trainwell", zh=f"{shown}；这是 trainwell 的缺陷，请反馈"
        )
    return Text(
        en=f"this fit was trained, but its report could not be made ({reason.en}); what was recorded is in {folder}",
        zh=f"这次 fit 已完成训练，但无法生成报告（{reason.zh}）；已记录的内容在 {folder}",
    )
