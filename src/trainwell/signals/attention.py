"""Attention weights of a few samples, computed again from queries and keys."""

from __future__ import annotations

import math
from typing import Any

from trainwell.signals.measure import AttentionTap, float32

SAMPLES, POSITIONS = 4, 128  # of a batch, of each sample: enough for a mean, little beside the step itself


def logits(xp: Any, tap: AttentionTap) -> Any:
    """(samples, heads, queries, keys) float32, QKᵀ/√d_k (Vaswani et al. 2017, equation 1); masks are not known."""
    query = float32(xp, tap.query[:SAMPLES, :POSITIONS])
    key = float32(xp, tap.key[:SAMPLES, :POSITIONS])
    return xp.einsum("bqhd,bkhd->bhqk", query, key) / math.sqrt(query.shape[-1])


def weights(xp: Any, tap: AttentionTap) -> Any:
    """(samples, heads, queries, keys) float32, the softmax of `logits` over the keys."""
    scores = logits(xp, tap)
    shares = xp.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)
