"""Continue a text, token by token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trainwell.errors import SettingError
from trainwell.generation.choosing import Choosing
from trainwell.generation.stepper import Memory, Stepper
from trainwell.locales import Text

CHUNK = 32  # tokens that are made in one compiled call


def generate(
    model: Any,
    prompt: Sequence[int],
    *,
    length: int,
    window: int,
    choosing: Choosing,
    seed: int = 0,
    forbidden: Sequence[int] = (0,),
) -> Iterator[int]:
    """Tokens that continue a prompt; each costs one step of the network.

    When a Transformer's memory is full, it is made anew from the last half of its window, so that the text can go on
    for ever.

    Args:
        model: language model, from tokens (batch, steps) to logits (batch, steps, vocabulary).
        prompt: tokens to begin with, at least one; of more than the window the last ones count.
        length: tokens to write, 1 or more.
        window: steps of the windows it was trained on.
        choosing: how each token is drawn.
        seed: of the drawing, 0 or more: the same seed gives the same text.
        forbidden: tokens that may never come.

    Yields:
        Token numbers, one by one.

    Raises:
        SettingError: an empty prompt or a length below 1.
        ModelError: the model cannot go step by step.
    """
    import jax
    import jax.numpy as jnp

    if not prompt or length < 1:
        raise SettingError(
            Text(
                en=f"a prompt of at least one token and a length of at least 1 are needed, given {len(prompt)} and "
                f"{length}",
                zh=f"提示至少要有一个词元，长度至少为 1，给出的是 {len(prompt)} 和 {length}",
            )
        )
    stepper = Stepper(model, window)
    never = jnp.asarray([int(token) for token in forbidden], jnp.int32)

    # Loops with a bound that is not known when they are compiled: one program for any number of tokens.
    @jax.jit
    def read(tokens: Any, count: Any) -> tuple[Memory, Any]:
        """Memory and logits after the first `count` tokens, (window,) int32."""
        memory, logits = stepper.step(stepper.start(1), tokens[:1])

        def one(place: Any, carry: tuple[Memory, Any]) -> tuple[Memory, Any]:
            return stepper.step(carry[0], jax.lax.dynamic_slice(tokens, (place,), (1,)))

        return jax.lax.fori_loop(1, count, one, (memory, logits))

    @jax.jit
    def write(memory: Memory, logits: Any, keys: Any, count: Any) -> tuple[Memory, Any, Any]:
        """`count` more tokens, in an array of CHUNK."""

        def one(place: Any, carry: tuple[Memory, Any, Any]) -> tuple[Memory, Any, Any]:
            memory, logits, tokens = carry
            token = choosing.choose(logits.at[:, never].set(-jnp.inf), keys[place])
            return *stepper.step(memory, token), tokens.at[place].set(token[0])

        return jax.lax.fori_loop(0, count, one, (memory, logits, jnp.zeros(CHUNK, jnp.int32)))

    keys = jax.random.split(jax.random.key(seed), -(-length // CHUNK) * CHUNK + CHUNK)
    past = [int(token) for token in prompt][-window:]
    memory, logits = read(_filled(past, window), len(past))
    done = 0
    while done < length:
        if stepper.limited and len(past) >= window:
            past = past[-max(1, window // 2) :]
            memory, logits = read(_filled(past, window), len(past))
        count = min(CHUNK, length - done, window - len(past) if stepper.limited else CHUNK)
        memory, logits, tokens = write(memory, logits, keys[done : done + CHUNK], count)
        written = [int(token) for token in np.asarray(tokens)[:count]]
        past, done = (past + written)[-window:], done + count
        yield from written


def _filled(tokens: Sequence[int], window: int) -> npt.NDArray[np.int32]:
    """The tokens in an array of always the same size."""
    array = np.zeros(window, np.int32)
    array[: len(tokens)] = tokens
    return array
