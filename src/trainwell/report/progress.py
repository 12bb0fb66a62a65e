"""Progress of a training, or of any counted work, in the terminal.

In a terminal a bar with the time left; elsewhere (a file, a pipe, CI) one line for each finished epoch and no bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text as Line

from trainwell.locales import Language, Text
from trainwell.locales.report_labels import METRICS
from trainwell.report import numbers

EPOCH = Text(en="Epoch {epoch}/{epochs}", zh="第 {epoch}/{epochs} 轮")
PREPARING = Text(en="preparing the training step", zh="正在准备训练步")
LEFT = Text(en="left", zh="剩余")
VALIDATION = Text(en="validation {name}", zh="验证{name}")
NOT_SHOWN = {"epoch", "learning_rate", "seconds"}


class TrainingProgress:
    """Shows how far a training is.

    Args:
        console: where to; its `is_terminal` decides between bar and lines.
        language: of the labels.
        quiet: show nothing at all but messages.
    """

    def __init__(self, console: Console, language: Language, *, quiet: bool = False):
        self._console = console
        self._language: Language = language
        self._quiet = quiet
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._epochs = self._steps_per_epoch = 0

    def start(self, epochs: int, steps_per_epoch: int, done: int = 0) -> None:
        """The training begins.

        Args:
            epochs: planned.
            steps_per_epoch: of each.
            done: steps that were done before, of a training that is resumed.
        """
        self.stop()
        self._epochs, self._steps_per_epoch = epochs, steps_per_epoch

        if self._quiet or not self._console.is_terminal:
            return
        self._bar = bar(self._console, self._language)
        self._task = self._bar.add_task(PREPARING[self._language], total=epochs * steps_per_epoch, completed=done)
        self._bar.start()

    def update(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """Some steps are done.

        Args:
            epoch: counted from 1.
            step: of this epoch, counted from 1.
            logs: running loss and metrics of the epoch.
        """
        if self._bar is None:
            return
        done = (epoch - 1) * self._steps_per_epoch + step
        text = self._line(epoch, {name: value for name, value in logs.items() if name in ("loss", "accuracy")})
        self._bar.update(self._task, completed=done, description=text)

    def epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """An epoch is done, with validation: one line stays.

        Args:
            epoch: counted from 1.
            logs: loss, metrics, their `val_` twins, seconds.
        """
        if self._quiet:
            return
        seconds = logs.get("seconds")
        text = self._line(epoch, {name: value for name, value in logs.items() if name not in NOT_SHOWN})
        if seconds is not None:
            text += f"  {numbers.duration(seconds, self._language)}"
        self._console.print(Line(text), soft_wrap=True, highlight=False)

    def message(self, text: Text) -> None:
        """Say something while the bar stands; also when quiet."""
        self._console.print(Line(text[self._language]), soft_wrap=True, highlight=False)

    def stop(self) -> None:
        """Take the bar away; may be called more than once."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _line(self, epoch: int, logs: Mapping[str, float]) -> str:
        parts = [EPOCH.format(epoch=f"{epoch:>{len(str(self._epochs))}}", epochs=self._epochs)[self._language]]
        ordered = sorted(logs, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
        parts += [f"{_name(name, self._language)} {numbers.metric(name, logs[name])}" for name in ordered]
        return "  ".join(parts)


class CountedProgress:
    """A bar for work that is counted, e.g. images being read; nothing if not a terminal.

    Args:
        console: where to.
        language: of the title.
        title: what is being done.
        quiet: show nothing.
    """

    def __init__(self, console: Console, language: Language, title: Text, *, quiet: bool = False):
        self._bar = None if quiet or not console.is_terminal else bar(console, language)
        self._task = self._bar.add_task(title[language], total=None) if self._bar else TaskID(0)

    def __call__(self, done: int, total: int) -> None:
        """So much of it is done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def bar(console: Console, language: Language) -> Progress:
    """A bar with description, share done and time left; it disappears when stopped."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn(LEFT[language], style="dim"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console,
        transient=True,
        expand=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _name(metric: str, language: Language) -> str:
    name = metric.removeprefix("val_")
    title = METRICS.get(name, Text(name, name))
    title = Text(en=title.en if title.en[1:2].isupper() else title.en[:1].lower() + title.en[1:], zh=title.zh)
    return (VALIDATION.format(name=title) if metric.startswith("val_") else title)[language]
