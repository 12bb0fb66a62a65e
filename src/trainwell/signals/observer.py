"""What the engine is given to look at a step with: knows which columns there are and computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainwell.blueprint.layer_info import LayerInfo
from trainwell.signals.measure import Measure, OutputTap, WeightsTap
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
        return Layout(
            layers=tuple(layers),
            columns=tuple(
                (measure.name, layer.name)
                for measure in self._measures
                for layer in layers
                if measure.applies(layer.activation)
                and (layer.parameters > 0 if measure.of == "weights" else layer.output_shape)
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
            by_name[name].compute(jnp, (weights if by_name[name].of == "weights" else outputs)[layer])
            for name, layer in layout.columns
        ]
        return jnp.stack(values).astype(jnp.float32) if values else jnp.zeros((0,), jnp.float32)
