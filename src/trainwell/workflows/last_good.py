"""The weights from before the step in which the numbers broke, as a file to go on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from trainwell import engine
from trainwell.engine import state as states
from trainwell.whole_file import whole_file
from trainwell.workflows.run_folder import LAST_GOOD


def keep_last_good(model: Any, outcome: engine.Outcome, folder: Path) -> None:
    """Write the last good weights into the folder of the run, if the training broke; the model stays as it is.

    `model.load_weights` reads the file; it holds the optimizer's state too, which Keras loads into an optimizer that is
    built.

    Args:
        model: as the training left it.
        outcome: how it ended; its origin is told where the file lies, and its last good state is let go.
        folder: of the run.
    """
    if outcome.last_good is None or outcome.nan_origin is None:
        return
    broken = states.copied(model)
    states.assign(model, outcome.last_good)
    try:
        with whole_file(folder / LAST_GOOD) as temporary:
            model.save_weights(temporary)
        outcome.nan_origin = replace(outcome.nan_origin, last_good=LAST_GOOD)
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        (folder / LAST_GOOD).unlink(missing_ok=True)  # a model of somebody's own that Keras cannot save
    finally:
        states.assign(model, broken)
        outcome.last_good = None
