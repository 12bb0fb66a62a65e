"""`tw.Monitor`: a callback that watches somebody's own `model.fit` and says what is wrong with the training."""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
import time
import warnings
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from trainwell.diagnosis import Contract, Diagnosis, Finding, NotChecked, preflight
from trainwell.engine import keras_names
from trainwell.errors import ModelError, SettingError
from trainwell.locales import Language, Text, preferred_language
from trainwell.whole_file import whole_file
from trainwell.workflows.monitoring.eyes import eye_for, tapped_training
from trainwell.workflows.monitoring.fit_watch import FitWatch, warn_blind
from trainwell.workflows.monitoring.run_of_fit import Compiled, blueprint_of, facts_of_fit, promised
from trainwell.workflows.monitoring.said import broken_promises, outcome
from trainwell.workflows.monitoring.taps import TappedTest, TappedTraining
from trainwell.workflows.run import Run
from trainwell.workflows.run_folder import BLUEPRINT, MODEL, claim, writing_to
from trainwell.workflows.train import write_run


class Monitor(keras.callbacks.Callback):
    """Watches a plain `model.fit(..., callbacks=[monitor])`, on JAX, TensorFlow or torch.

    Weights, optimizer, metrics and history end as a fit without it would leave them, bit for bit: a look repeats a
    step's computation beside it and keeps only numbers. Each fit is a training of its own (`runs`).

    Args:
        every: look into the layers at every so many steps; chosen from the measured cost of a look if None.
        out: folder of the run, for a second fit OUT-2, and so on; it must not exist. If None, the run is gone with the
            monitor and its `Run`.
        quiet: print nothing.
        language: "en" or "zh" for what is printed; that of the environment if None.

    Raises:
        SettingError: `every` is below 1.
    """

    def __init__(
        self,
        every: int | None = None,
        out: str | Path | None = None,
        *,
        quiet: bool = False,
        language: Language | None = None,
    ):
        super().__init__()
        if every is not None and every < 1:
            raise SettingError(
                Text(en=f"every must be at least 1, given {every}", zh=f"every 至少为 1，给出的是 {every}")
            )
        self._every, self._out, self._quiet = every, None if out is None else Path(out), quiet
        self._language: Language = language or preferred_language()
        self._runs: list[Run] = []
        self._fits = 0
        self._now: _Fit | None = None

    @property
    def runs(self) -> tuple[Run, ...]:
        """One run per fit, in their order; of a fit that was ended by an exception, what was recorded of it."""
        if self._now is not None and self._now.begun:
            return (*self._runs, self._now.so_far())
        return tuple(self._runs)

    @property
    def run(self) -> Run:
        """The run of the latest fit; while it still trains, what is recorded so far.

        Raises:
            SettingError: nothing was trained yet.
        """
        if self._now is not None and self._now.begun:
            return self._now.so_far()
        if self._runs:
            return self._runs[-1]
        raise SettingError(
            Text(
                en="this Monitor has seen no training yet; give it to model.fit(..., callbacks=[monitor])",
                zh="此 Monitor 还没有观察到任何训练；请通过 model.fit(..., callbacks=[monitor]) 使用它",
            )
        )

    @property
    def diagnosis(self) -> Diagnosis:
        """What the doctor says about the latest fit; as `run`."""
        return self.run.diagnosis

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The problems found, what to mend first standing first; as `run`."""
        return self.diagnosis.findings

    @property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """What was not looked for, and why; as `run`."""
        return self.diagnosis.not_checked

    @property
    def overhead(self) -> float | None:
        """Time that the looks took, as a share of the rest of the steps' time; None if too little was timed."""
        return self.diagnosis.overhead

    def __str__(self) -> str:
        if self._now is None and not self._runs:
            return "Monitor: " + Text(en="no training yet", zh="尚无训练")[self._language]
        return outcome(self.run.facts, self._language)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Keras is about to train; see `keras.callbacks.Callback`, as for the following."""
        del logs
        if self._now is not None and self.params is not None and self._now.params is self.params:
            raise _twice()
        self._close()
        other: Any = getattr(self.model, "train_function", None)
        if isinstance(other, TappedTraining):
            if other.params is self.params:
                raise _twice()
            other.remove()
        _check(self.model)
        self._fits += 1
        self._now = _Fit(self.model, self.params or {}, self._folder(), self._every, temporary=self._out is None)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """An epoch begins, counted from 0."""
        del logs
        if self._now:
            self._now.watch.epoch_begins(epoch)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """A step comes next."""
        del batch, logs
        if self._now:
            self._now.training.announce()

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Keras evaluates."""
        del logs
        if self._now:
            self._now.validation_begins()

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Keras has evaluated."""
        del logs
        if self._now:
            self._now.validation_ends()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """An epoch is done, with its validation."""
        if not self._now:
            return
        self._now.watch.epoch_ends(epoch, logs)
        contract = self._now.first_contract()
        more = epoch + 1 < self._now.watch.epochs
        if contract is not None and more and not self._quiet:
            said = broken_promises(preflight(contract), self._language)
            if said:
                sys.stdout.write(f"{said}\n")

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Keras has trained: diagnose, and say what was found."""
        del logs
        if not self._now:
            return
        self._now.finished = True
        once, runs = self._now.watch.clock.once, len(self._runs)
        self._close()
        if not self._quiet and len(self._runs) > runs:
            sys.stdout.write(f"{outcome(self._runs[-1].facts, self._language, once)}\n")

    def _close(self) -> None:
        """The fit is over: keep its run."""
        now, self._now = self._now, None
        if now is None:
            return
        now.training.remove()
        if not now.begun:
            if now.watch.history:
                warnings.warn(_NOT_FIT[self._language], stacklevel=2)
            now.discard()
            return
        try:
            self._runs.append(now.kept(self._language))
        except Exception as error:  # noqa: BLE001 (somebody who trained for hours must not lose it to a report)
            lines = str(error).strip().splitlines() or [""]
            said = f"{type(error).__name__}: {lines[0][:200]}"
            en = f"Monitor: the training is done, but there is no diagnosis of it ({said})"
            zh = f"Monitor：训练已完成，但无法给出诊断（{said}）"
            warnings.warn(Text(en=en, zh=zh)[self._language], stacklevel=2)

    def _folder(self) -> Path | None:
        if self._out is None or self._fits == 1:
            return self._out
        return self._out.with_name(f"{self._out.name}-{self._fits}")


_NOT_FIT = Text(
    en="Monitor is a callback for model.fit; tw.train and tw.diagnose watch by themselves: leave it out",
    zh="Monitor 是用于 model.fit 的回调；tw.train 与 tw.diagnose 自身会进行观察，请去掉它",
)


class _Fit:
    """One fit under the monitor's eyes."""

    def __init__(
        self, model: Any, params: Mapping[str, Any], folder: Path | None, every: int | None, *, temporary: bool
    ):
        self.params, self.temporary = params, temporary
        self.finished = False
        weights = 4 * sum(math.prod(weight.shape) for weight in model.weights)
        target = Path(tempfile.mkdtemp(prefix="trainwell-")) if folder is None else folder
        target = claim(target, model_bytes=weights, resume=False)
        self.compiled = Compiled.of(model)
        blind = _why_blind(model)
        if blind is not None:
            warn_blind(blind)
        self.watch = FitWatch(
            model,
            target,
            eye_for(model),
            blind=blind,
            every=every,
            epochs=int(params.get("epochs") or 1),
            steps_per_epoch=params.get("steps"),
            per_call=int(getattr(model, "steps_per_execution", 1) or 1),
        )
        self.training = tapped_training(self.watch, params)
        model.train_function = self.training
        self._test: TappedTest | None = None
        self._contract: Contract | None = None
        self._asked = False
        self._run: tuple[int, Run] | None = None
        # nobody says when a fit that ended by an exception is not asked for any more
        self._left = weakref.finalize(self, _leave, self.watch, temporary=temporary)

    @property
    def begun(self) -> bool:
        """Whether a step was made."""
        return self.watch.steps > 0

    def validation_begins(self) -> None:
        """Keras evaluates; the first time, what it evaluates is noted."""
        self.watch.pause()
        if self.watch.in_first_epoch:
            self._test = TappedTest(self.watch.model, self.watch.validation)

    def validation_ends(self) -> None:
        """Keras has evaluated."""
        if self._test is not None:
            self._test.remove()
            self._test = None

    def first_contract(self) -> Contract | None:
        """The contract of model and data, if this is the first time that it is asked for."""
        if self._asked:
            return None
        self._asked = True
        began = time.perf_counter()
        self._contract = promised(self.watch)
        self.watch.eye.forget_start()
        self.watch.clock.spent(time.perf_counter() - began, once=True)
        return self._contract

    def run(self) -> Run:
        """What came of it so far."""
        self.watch.flush()
        if self._run is None or self._run[0] != self.watch.steps:
            self.first_contract()
            facts = facts_of_fit(self.watch, self.compiled, self._contract, finished=self.finished)
            self._run = self.watch.steps, Run(self.watch.folder, facts, self.watch.model)
        return self._run[1]

    def so_far(self) -> Run:
        """What came of it so far, with the recording kept for as long as somebody has the run."""
        run = self.run()
        weakref.finalize(run, _hold, self)
        return run

    def kept(self, language: Language) -> Run:
        """The run, with everything that belongs into its folder."""
        self.validation_ends()
        self.watch.close()
        self._left.detach()
        self._run = None
        run = self.run()
        if self.temporary:
            weakref.finalize(run, shutil.rmtree, run.folder, ignore_errors=True)
            return run
        with writing_to(run.folder):
            blueprint = blueprint_of(self.watch, self.compiled)
            if blueprint is not None:
                blueprint.save(run.folder / BLUEPRINT)
            _save(self.watch.model, run.folder / MODEL)
            write_run(run, language)
        return run

    def discard(self) -> None:
        """Nothing was trained: nothing is left behind."""
        self._left.detach()
        self.watch.close()
        shutil.rmtree(self.watch.folder, ignore_errors=True)


def _leave(watch: FitWatch, *, temporary: bool) -> None:
    watch.close()
    if temporary:
        shutil.rmtree(watch.folder, ignore_errors=True)


def _hold(fit: _Fit) -> None:
    """Called when a run goes; until then it holds the fit."""


def _save(model: Any, path: Path) -> None:
    """The trained model, or no file if its classes cannot be saved."""
    try:
        with whole_file(path) as temporary:
            model.save(temporary)
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        path.unlink(missing_ok=True)


def _check(model: Any) -> None:
    """Refuse what is no plain fit of a compiled model."""
    if not getattr(model, "compiled", False) or model.optimizer is None:
        raise ModelError(
            Text(
                en=f"the model {model.name!r} is not compiled; call model.compile(optimizer=..., loss=...) first",
                zh=f"模型 {model.name!r} 尚未编译；请先调用 model.compile(optimizer=..., loss=...)",
            )
        )
    if model.train_function is None:
        raise SettingError(_NOT_FIT)


def _why_blind(model: Any) -> Text | None:
    """Why only the whole of the steps can be recorded, if that is so."""
    if keras_names.has_own_train_step(model):
        kind = type(model).__name__
        return Text(en=f"{kind} defines its own train_step", zh=f"{kind} 定义了自己的 train_step")
    return None


def _twice() -> SettingError:
    return SettingError(
        Text(
            en="one fit was given two Monitors; one sees everything, leave the other out",
            zh="同一次 fit 中有两个 Monitor；一个即可看到全部，请去掉另一个",
        )
    )
