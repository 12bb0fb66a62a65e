"""From what a language model expects to the next token: temperature, top-k and top-p."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainwell.errors import SettingError
from trainwell.locales import Text


@dataclass(frozen=True)
class Choosing:
    """How the next token is drawn.

    Attributes:
        temperature: logits are divided by it: below 1 plays safe, above 1 dares more; 0 always takes the likeliest.
        top_k: only the k likeliest tokens may be drawn, with those as likely as the k-th; None for all.
        top_p: only the likeliest tokens that together have this probability, 0 < p <= 1, may be drawn (nucleus
            sampling, Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"); None for all.

    Raises:
        SettingError: a value that cannot work.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise _wrong("temperature", self.temperature, Text(en="a number from 0 to 100", zh="0 到 100 的数"))
        if self.top_k is not None and self.top_k < 1:
            raise _wrong("top_k", self.top_k, Text(en="a whole number, 1 or more", zh="不小于 1 的整数"))
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise _wrong("top_p", self.top_p, Text(en="above 0 and at most 1", zh="大于 0 且不超过 1"))

    def choose(self, logits: Any, key: Any) -> Any:
        """One token for each row.

        Args:
            logits: (rows, vocabulary) float32; -inf for what may never come.
            key: JAX random key.

        Returns:
            (rows,) int32.
        """
        import jax
        import jax.numpy as jnp

        if self.temperature == 0:
            return jnp.argmax(logits, axis=-1).astype(jnp.int32)
        return jax.random.categorical(key, self.kept(logits)).astype(jnp.int32)

    def kept(self, logits: Any) -> Any:
        """Logits over temperature, with -inf for the tokens that may not be drawn."""
        import jax
        import jax.numpy as jnp

        logits = logits / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            least = jax.lax.top_k(logits, self.top_k)[0][..., -1:]
            logits = jnp.where(logits >= least, logits, -jnp.inf)
        if self.top_p is not None and self.top_p < 1:
            ordered = jnp.sort(logits, axis=-1)[..., ::-1]
            shares = jax.nn.softmax(ordered, axis=-1)
            before = jnp.cumsum(shares, axis=-1) - shares  # what likelier tokens have together; 0 for the likeliest
            least = jnp.min(jnp.where(before < self.top_p, ordered, jnp.inf), axis=-1, keepdims=True)
            logits = jnp.where(logits >= least, logits, -jnp.inf)
        return logits


def _wrong(name: str, value: object, expected: Text) -> SettingError:
    return SettingError(
        Text(
            en=f"{name} must be {expected.en}, {value!r} was given", zh=f"{name} 应为{expected.zh}，给出的是 {value!r}"
        )
    )
