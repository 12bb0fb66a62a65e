"""What is recorded of a training: measures, and the recording on disk. Needs neither JAX nor Keras to import."""

from trainwell.blueprint.layer_info import LayerInfo
from trainwell.signals.measure import Measure, RunMeasure
from trainwell.signals.measures import all_measures
from trainwell.signals.observer import Observer
from trainwell.signals.recorder import Recorder
from trainwell.signals.recording import Layout, Recording, Series
from trainwell.signals.run_measures import RUN_MEASURES

__all__ = [
    "RUN_MEASURES",
    "LayerInfo",
    "Layout",
    "Measure",
    "Observer",
    "Recorder",
    "Recording",
    "RunMeasure",
    "Series",
    "all_measures",
]
