"""Which sample goes to training, validation and test.

Written here and not taken from scikit-learn: its stratified splitters refuse a test part smaller than the number of
classes and, used twice for three parts, let the rounding of the first cut move the second.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from trainwell.errors import DataError
from trainwell.locales import Text

Indices = npt.NDArray[np.int64]
TRAINING = Text(en="training", zh="训练")
VALIDATION = Text(en="validation", zh="验证")
TEST = Text(en="test", zh="测试")


def check_class_counts(counts: Mapping[str, int], *, validation: float, test: float) -> None:
    """Refuse classes too small to be in every part that is split off.

    Args:
        counts: class name to number of samples.
        validation: share for validation; 0 when none is split off.
        test: share for test; 0 when none is split off.

    Raises:
        DataError: a class has fewer samples than there are parts; it is named with its count.
    """
    parts = [TRAINING] + [VALIDATION] * (validation > 0) + [TEST] * (test > 0)
    small = {name: count for name, count in counts.items() if count < len(parts)}
    if small:
        name, count = next(iter(small.items()))
        more = len(small) - 1
        raise DataError(
            Text(
                en=f"class {name!r} has {count} sample{'s' * (count != 1)}, but needs at least {len(parts)}: "
                f"one each for {', '.join(p.en for p in parts)}"
                + (f" ({more} more such class{'es' * (more != 1)})" if more else "")
                + "; add samples or leave the class out",
                zh=f"类别 {name!r} 只有 {count} 个样本，但至少需要 {len(parts)} 个："
                f"{'、'.join(p.zh for p in parts)}各一个"
                + (f"（另有 {more} 个类别也是如此）" if more else "")
                + "；请增加样本或去掉该类别",
            )
        )


def split_plain(count: int, *, validation: float, test: float, seed: int) -> tuple[Indices, Indices, Indices]:
    """Split `count` samples at random; each part that is asked for gets at least one sample.

    Returns:
        Indices of training (in random order), validation and test (ascending); disjoint, together all of them.

    Raises:
        DataError: fewer samples than parts.
    """
    parts = 1 + (validation > 0) + (test > 0)
    if count < parts:
        raise DataError(
            Text(
                en=f"{count} sample{'s' * (count != 1)} cannot be split into {parts} parts; give at least {parts}",
                zh=f"{count} 个样本无法分成 {parts} 份；请至少提供 {parts} 个样本",
            )
        )
    return _cut([np.arange(count)], _allocate([count], validation, test), np.random.default_rng(seed))


def split_stratified(
    labels: npt.NDArray[np.int32], *, validation: float, test: float, seed: int
) -> tuple[Indices, Indices, Indices]:
    """Split so that every part has the classes in the same proportions.

    Of each class a part gets its share within one sample, and at least one sample even where its share is less.

    Args:
        labels: class numbers (samples,), int32, 0 or more; checked before by `check_class_counts`.
        validation: share for validation, 0 <= share < 1.
        test: share for test, likewise; both together below 1.
        seed: fixes the split.

    Returns:
        As `split_plain`.

    >>> labels = np.repeat([0, 1], 10).astype(np.int32)
    >>> [len(part) for part in split_stratified(labels, validation=0.1, test=0.2, seed=0)]
    [14, 2, 4]
    """
    groups = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return _cut(groups, _allocate([len(g) for g in groups], validation, test), np.random.default_rng(seed))


def _cut(
    groups: list[Indices], sizes: list[tuple[int, int]], rng: np.random.Generator
) -> tuple[Indices, Indices, Indices]:
    train: list[Indices] = []
    held: tuple[list[Indices], list[Indices]] = ([], [])
    for group, (n_validation, n_test) in zip(groups, sizes, strict=True):
        mixed = rng.permutation(group)
        held[0].append(mixed[:n_validation])
        held[1].append(mixed[n_validation : n_validation + n_test])
        train.append(mixed[n_validation + n_test :])
    # Training in random order: its first batch then stands for the whole even if nobody shuffles later.
    return rng.permutation(np.concatenate(train)), np.sort(np.concatenate(held[0])), np.sort(np.concatenate(held[1]))


def _allocate(counts: list[int], validation: float, test: float) -> list[tuple[int, int]]:
    """How many of each class go to validation and test."""
    sizes: list[tuple[int, int]] = []
    for count, v, t in zip(
        counts, _largest_remainder(counts, validation), _largest_remainder(counts, test), strict=True
    ):
        n_validation, n_test = v, t
        while n_validation + n_test >= count:  # both rounded up: training must keep one
            if n_validation - count * validation > n_test - count * test and n_validation > 1:
                n_validation -= 1
            elif n_test > 1:
                n_test -= 1
            else:
                n_validation -= 1
        sizes.append((n_validation, n_test))
    return sizes


def _largest_remainder(counts: list[int], share: float) -> list[int]:
    """Whole numbers near count x share that sum to the rounded whole; at least 1 each when share > 0."""
    ideal = np.asarray(counts, dtype=np.float64) * share
    given = np.floor(ideal).astype(np.int64)
    missing = round(float(ideal.sum())) - int(given.sum())
    order = np.argsort(given - ideal, kind="stable")
    given[order[:missing]] += 1
    return np.maximum(given, 1 if share > 0 else 0).tolist()
