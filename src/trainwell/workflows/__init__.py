"""Joins the rooms: all that the command line and a page may call."""

from trainwell.workflows.diagnose import diagnose, diagnose_model
from trainwell.workflows.generate import generate
from trainwell.workflows.plan import Plan, plan
from trainwell.workflows.predict import Prediction, predict
from trainwell.workflows.run import Run, load_model, open_run
from trainwell.workflows.train import train

__all__ = [
    "Plan",
    "Prediction",
    "Run",
    "diagnose",
    "diagnose_model",
    "generate",
    "load_model",
    "open_run",
    "plan",
    "predict",
    "train",
]
