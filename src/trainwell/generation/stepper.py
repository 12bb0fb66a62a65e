"""A causal network as a step: one token in, what comes next out, with a memory instead of a pass over the whole text.

The graph of the Keras model is walked as it is, with a time axis of length 1. Only what looks back in time is replaced:
attention keeps the keys and values of the past (a key-value cache, Pope et al. 2023, "Efficiently Scaling Transformer
Inference", section 2), recurrent layers keep their states, positions count on. All else (dense, normalisation,
addition, embedding) works on each step by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trainwell.backend import load_keras
from trainwell.errors import ModelError
from trainwell.locales import Text

POSITIONS = "positions"  # the layer whose output depends on the place of a token alone
Memory = Mapping[str, Any]


class Stepper:
    """One model, ready to go step by step.

    Args:
        model: a functional or Sequential Keras model from tokens (batch, steps) to logits (batch, steps, vocabulary)
            in which no step looks ahead.
        window: most steps that attention looks back, and of positions.

    Raises:
        ModelError: the model looks ahead or is not of this form.
    """

    def __init__(self, model: Any, window: int):
        self._keras = load_keras()
        self._model = getattr(model, "_functional", None) or model
        if not hasattr(self._model, "_run_through_graph"):
            raise _cannot(model.name)
        self.window = window
        self._attention: list[Any] = []
        self._recurrent: list[Any] = []
        layers = self._keras.layers
        for layer in model.layers:
            if isinstance(layer, layers.MultiHeadAttention):
                self._attention.append(layer)
            elif isinstance(layer, layers.RNN):
                if not layer.return_sequences or layer.go_backwards:
                    raise _cannot(layer.name)
                self._recurrent.append(layer)
            elif isinstance(
                layer, layers.Bidirectional | layers.GlobalAveragePooling1D | layers.Flatten | layers.Conv1D
            ):
                raise _cannot(layer.name)
        names = {layer.name for layer in model.layers}
        self._positions = self._position_table(model) if POSITIONS in names else None

    @property
    def limited(self) -> bool:
        """Whether the memory is full after `window` steps; that of a recurrent network never is."""
        return bool(self._attention) or self._positions is not None

    def _position_table(self, model: Any) -> Any:
        """(window, width): what stands at each place, whatever the tokens are."""
        import jax.numpy as jnp

        places = self._keras.Model(model.input, model.get_layer(POSITIONS).output)
        table = np.asarray(places(np.ones((1, self.window), np.int32)))
        return jnp.asarray(table.reshape(-1, *table.shape[-2:])[0])

    def start(self, rows: int) -> Memory:
        """The memory before the first token, of `rows` texts at once."""
        import jax.numpy as jnp

        memory: dict[str, Any] = {"step": jnp.zeros((), jnp.int32)}
        for layer in self._attention:
            heads, key, value = layer.num_heads, layer.key_dim, layer.value_dim
            memory[layer.name] = (
                jnp.zeros((rows, self.window, heads, key), jnp.float32),
                jnp.zeros((rows, self.window, heads, value), jnp.float32),
            )
        for layer in self._recurrent:
            sizes = layer.cell.state_size
            sizes = [sizes] if isinstance(sizes, int) else list(sizes)
            memory[layer.name] = tuple(jnp.zeros((rows, size), jnp.float32) for size in sizes)
        return memory

    def step(self, memory: Memory, tokens: Any) -> tuple[Memory, Any]:
        """Take one token of each text.

        Args:
            memory: from `start` or the step before.
            tokens: (rows,) int32.

        Returns:
            The memory after it, and the logits (rows, vocabulary) of the token that follows.
        """
        after: dict[str, Any] = {"step": memory["step"] + 1}

        def replaced(operation: Any) -> Any:
            if operation in self._attention:
                return lambda query, *_, **__: self._attend(operation, query, memory, after)
            if operation in self._recurrent:
                return lambda sequence, *_, **__: self._recur(operation, sequence, memory, after)
            if operation.name == POSITIONS:
                return lambda *_, **__: self._positions[None, memory["step"]][:, None]  # type: ignore[index]
            if isinstance(operation, self._keras.layers.Layer):
                return lambda *args, **kwargs: _quiet(operation, args, kwargs)
            return operation

        logits = self._model._run_through_graph(tokens[:, None], operation_fn=replaced)
        return after, logits[:, 0]

    def _attend(self, layer: Any, query: Any, memory: Memory, after: dict[str, Any]) -> Any:
        """softmax(q Kᵀ / √d_k) V over the kept keys and values (Vaswani et al. 2017, equation 1)."""
        import jax
        import jax.numpy as jnp

        keys, values = memory[layer.name]
        place = memory["step"]
        q = layer.query_dense(query)
        keys = jax.lax.dynamic_update_slice_in_dim(keys, layer.key_dense(query).astype(keys.dtype), place, axis=1)
        values = jax.lax.dynamic_update_slice_in_dim(
            values, layer.value_dense(query).astype(values.dtype), place, axis=1
        )
        after[layer.name] = (keys, values)
        scores = jnp.einsum("bqnh,bknh->bnqk", q, keys) / jnp.sqrt(jnp.float32(layer.key_dim))
        known = jnp.arange(self.window) <= place
        weights = jax.nn.softmax(jnp.where(known, scores, -jnp.inf), axis=-1)
        return layer.output_dense(jnp.einsum("bnqk,bknh->bqnh", weights, values))

    def _recur(self, layer: Any, sequence: Any, memory: Memory, after: dict[str, Any]) -> Any:
        output, states = layer.cell(sequence[:, 0], list(memory[layer.name]), training=False)
        after[layer.name] = tuple(states)
        return output[:, None]


def _quiet(layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A layer as in prediction: no dropout, no mask from padding (there is none)."""
    chosen = {name: value for name, value in kwargs.items() if name not in ("training", "mask")}
    if layer._call_has_training_arg:
        chosen["training"] = False
    return layer(*args, **chosen)


def _cannot(name: str) -> ModelError:
    return ModelError(
        Text(
            en=f"this network cannot write text step by step: {name} looks at the whole text at once; train one with "
            "--task language_model",
            zh=f"该网络无法逐步续写文本：{name} 需要一次看到整段文本；请用 --task language_model 训练",
        )
    )
