"""What the engine is given to look at a step with: knows which columns there are and computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainwell.blueprint.layer_info import LayerInfo
from trainwell.signals.measure import AttentionTap, Measure, OutputTap, WeightsTap
from trainwell.signals.measures import all_measures
from trainwell.signals.recording import Layout


class Observer:
    """Chooses the columns for a model's layers and computes them from a step's taps.

    Args:
        measures: which measures to record; all of the catalogue by default.
    """

    def __init__(self, measures: Sequence[Measure] | None = None):
        self._measures = tuple(all_measures() if measures is None else measures)

    def layout(self, layers: Sequence[LayerInfo]) -> Layout:
        """The columns for these layers: each measure where it applies."""
        by_name = {layer.name: layer for layer in layers}
        return Layout(
            layers=tuple(layers),
            columns=tuple(
                (measure.name, layer.name)
                for measure in self._measures
                for layer in layers
                if measure.applies(layer.activation) and _shown(measure, layer, by_name)
            ),
        )

    def columns(self, layout: Layout, weights: Mapping[str, WeightsTap], outputs: Mapping[str, OutputTap]) -> Any:
        """Compute the columns of `layout`; traced inside the engine's look.

        Args:
            layout: from `layout()`.
            weights: tap of each layer that has trainable weights, by layer name.
            outputs: tap of each layer whose output is recorded, by layer name.

        Returns:
            (columns,) float32 JAX array.
        """
        import jax.numpy as jnp

        by_name = {measure.name: measure for measure in self._measures}
        values = [
            by_name[name].compute(jnp, _tap(by_name[name], layer, weights, outputs)) for name, layer in layout.columns
        ]
        return jnp.stack(values).astype(jnp.float32) if values else jnp.zeros((0,), jnp.float32)


def _shown(measure: Measure, layer: LayerInfo, layers: Mapping[str, LayerInfo]) -> bool:
    """Whether a step shows of this layer what the measure is read off."""
    if measure.of == "weights":
        return layer.parameters > 0
    if measure.of == "output":
        return bool(layer.output_shape)
    key = layers.get(_key_of(layer.name))
    return layer.name.endswith("/query") and key is not None and key.output_shape[1:] == layer.output_shape[1:] != ()


def _tap(measure: Measure, layer: str, weights: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    if measure.of == "attention":
        return AttentionTap(outputs[layer].output, outputs[_key_of(layer)].output)
    return (weights if measure.of == "weights" else outputs)[layer]


def _key_of(query: str) -> str:
    """Of the layer that makes an attention layer's queries, the one that makes its keys, as Keras names them."""
    return f"{query.removesuffix('query')}key"
