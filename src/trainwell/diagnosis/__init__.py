"""The doctor for trainings: from a recording and plain facts to named problems. Needs neither JAX nor Keras."""

from trainwell.diagnosis.contract import Contract
from trainwell.diagnosis.doctor import diagnose, joined, preflight
from trainwell.diagnosis.facts import Facts, Memory, RareClass, Told
from trainwell.diagnosis.finding import Cause, Diagnosis, Evidence, Finding, NotChecked, Remedy
from trainwell.diagnosis.problem import Needs, Problem, Threshold
from trainwell.diagnosis.problems import all_problems

__all__ = [
    "Cause",
    "Contract",
    "Diagnosis",
    "Evidence",
    "Facts",
    "Finding",
    "Memory",
    "Needs",
    "NotChecked",
    "Problem",
    "RareClass",
    "Remedy",
    "Threshold",
    "Told",
    "all_problems",
    "diagnose",
    "joined",
    "preflight",
]
