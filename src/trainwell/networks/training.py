"""How long and in what steps networks that read step by step are trained, if nobody asks for other values.

Batch and length of a language model and of few sequences were tried on real data with two CPU cores; the other values
are usual ones. The reasons are said with the choices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from trainwell.data import Dataset
from trainwell.locales import Text
from trainwell.networks.recipe import Default

TOKENS_PER_STEP = 1024  # of a language model: small steps teach more per token
TOKENS_IN_ALL = 2_500_000  # that a small language model sees, unless its text is longer
TOKENS_PER_WORD = 1600  # of the vocabulary: each has some two hundred weights of its own, and each wants some tokens
_FEW = 1000  # sequences; so few need smaller steps and more epochs


def training(data: Dataset) -> Mapping[str, Default]:
    """Epochs, batch size and patience by kind and task; what is not named is as for all networks.

    Args:
        data: what is learned from; the number and the length of its training samples count.
    """
    if data.task == "language_model":
        return _language_model(data)
    if data.kind == "text":
        epochs = Text(
            en="words are learned by heart within a few epochs; more only overfit",
            zh="几轮之内词语就会被记住，再多只会过拟合",
        )
        return {"epochs": Default(8, epochs), "early_stopping": Default(3, _PATIENT.format(count=3))}
    if data.kind == "sequence" and data.task != "forecasting" and len(data.train) < _FEW:
        few = Text(
            en=f"there are {len(data.train):,} sequences only: smaller steps, more of them",
            zh=f"只有 {len(data.train):,} 条序列：步子小一些，次数多一些",
        )
        return {
            "epochs": Default(60, few),
            "batch_size": Default(16, few),
            "early_stopping": Default(15, _PATIENT.format(count=15)),
        }
    if data.kind == "audio":
        epochs = Text(en="recordings are few and each is rich", zh="录音数量不多，但每段内容丰富")
        return {"epochs": Default(20, epochs)}
    return {}


_PATIENT = Text(
    en="epochs without progress on validation data before it stops, and keeps the best weights: {count}",
    zh="验证数据上连续 {count} 轮没有进步就停止，并保留最好的权重",
)


def _language_model(data: Dataset) -> Mapping[str, Default]:
    windows, steps = data.train.x.shape
    batch = max(1, TOKENS_PER_STEP // steps)
    tokens = max(TOKENS_IN_ALL, TOKENS_PER_WORD * data.outputs)
    epochs = min(30, max(1, math.ceil(tokens / (windows * steps))))
    return {
        "epochs": Default(
            epochs,
            Text(
                en=f"{windows * steps:,} tokens a time, until about {tokens:,} were seen",
                zh=f"每轮 {windows * steps:,} 个词元，直到约看过 {tokens:,} 个",
            ),
        ),
        "batch_size": Default(
            batch,
            Text(
                en=f"windows with about {TOKENS_PER_STEP:,} tokens together: small steps teach more per token",
                zh=f"每批窗口合计约 {TOKENS_PER_STEP:,} 个词元：小步更新，每个词元学到的更多",
            ),
        ),
        "early_stopping": Default(3, _PATIENT.format(count=3)),
    }
