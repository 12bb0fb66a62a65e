"""From facts to what a person or a program reads: terminal, one HTML file, JSON. No judgement of its own."""

from trainwell.report.facts import (
    Choice,
    DataFacts,
    Hardware,
    LayerRow,
    Mistake,
    NetworkFacts,
    Origin,
    Predictions,
    RunFacts,
    Scores,
    TrainingFacts,
)
from trainwell.report.html import render_html, write_html
from trainwell.report.progress import CountedProgress, TrainingProgress
from trainwell.report.result_json import result
from trainwell.report.terminal import choices_panel, data_summary, diagnosis_page, summary
from trainwell.report.thumbnail import thumbnail

__all__ = [
    "Choice",
    "CountedProgress",
    "DataFacts",
    "Hardware",
    "LayerRow",
    "Mistake",
    "NetworkFacts",
    "Origin",
    "Predictions",
    "RunFacts",
    "Scores",
    "TrainingFacts",
    "TrainingProgress",
    "choices_panel",
    "data_summary",
    "diagnosis_page",
    "render_html",
    "result",
    "summary",
    "thumbnail",
    "write_html",
]
