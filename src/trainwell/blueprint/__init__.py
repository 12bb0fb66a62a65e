"""A training as data: Keras's own configuration and the fit settings, to edit, compare, keep and rebuild."""

from trainwell.blueprint.blueprint import Blueprint
from trainwell.blueprint.code import code
from trainwell.blueprint.diff import Change, apply, diff, readable
from trainwell.blueprint.edit import edit, get, insert_layer, remove_layer
from trainwell.blueprint.fit_settings import FitSettings
from trainwell.blueprint.layer_info import LayerInfo

__all__ = [
    "Blueprint",
    "Change",
    "FitSettings",
    "LayerInfo",
    "apply",
    "code",
    "diff",
    "edit",
    "get",
    "insert_layer",
    "readable",
    "remove_layer",
]
