"""Which feed the given data need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainwell.engine.batch_feed import BatchFeed
from trainwell.engine.batches import Schedule, host_arrays, sample_weights, to_device
from trainwell.engine.checks import check_settings
from trainwell.engine.feeds import Feed, Resident, batch_size_of
from trainwell.engine.sources import is_source, source_of
from trainwell.engine.streaming import Streamed, wants_stream
from trainwell.errors import SettingError
from trainwell.locales import Text


def feed_of(
    x: Any,
    y: Any,
    sample_weight: Any,
    *,
    batch_size: int,
    class_weight: Mapping[int, float] | None,
    shuffle: bool,
    seed: int,
    steps_per_epoch: int | None,
    epochs: int,
    initial_epoch: int,
    stream: bool | None,
) -> Feed:
    """The feed for these data; the arguments are those of `training.train`.

    Raises:
        SettingError: an argument does not go with such data, or cannot work with so many samples.
        DataError: x, y, sample_weight do not fit together.
    """
    if is_source(x):
        for name, value in (("y", y), ("sample_weight", sample_weight), ("stream", stream or None)):
            if value is not None:
                raise SettingError(
                    Text(
                        en=f"{name} was given beside a {type(x).__name__}, which gives batches (x, y) or "
                        f"(x, y, sample_weight) itself; leave {name} out",
                        zh=f"{type(x).__name__} 自身就给出 (x, y) 或 (x, y, sample_weight) 批次，"
                        f"不能再给出 {name}；请去掉它",
                    )
                )
        source = source_of(x, seed=seed, shuffle=shuffle, steps_per_epoch=steps_per_epoch, initial_epoch=initial_epoch)
        return BatchFeed(source, class_weight, initial_epoch)
    arrays = host_arrays(x, y, sample_weights(y, class_weight, sample_weight))
    schedule = Schedule(batch_size_of(arrays), batch_size, seed, shuffle, steps_per_epoch)
    check_settings(epochs, batch_size, schedule.samples)
    if wants_stream(arrays) if stream is None else stream:
        return Streamed(arrays, schedule, epochs)
    return Resident(to_device(arrays), schedule)
