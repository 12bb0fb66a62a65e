"""What may spoil a training and is no error: said as warnings."""

from __future__ import annotations

from collections.abc import Mapping

from trainwell.data.dataset import Array, Note, Split
from trainwell.locales import Text

FEW_SAMPLES = 10  # fewer of a class cannot be learned or judged with any certainty
IMBALANCE = 10  # the commonest class over the rarest, in training
_NAMED = 5


def leak_notes(train: Split, test: Split, *, given: bool) -> tuple[Note, ...]:
    """Samples of `test` that stand, value by value, in `train` too.

    Args:
        train: the training part.
        test: the test part; same shapes and types.
        given: whether the source came with its parts; a leak there is somebody's mistake, else it is duplicates.
    """
    seen = {_key(row) for row in train.x}
    count = sum(_key(row) in seen for row in test.x)
    if not count:
        return ()
    share = count / len(test)
    text = Text(
        en=f"{count} of {len(test):,} test samples ({share:.1%}) are in the training part too, value by value; "
        "the test result is better than it would be on new data.",
        zh=f"{len(test):,} 个测试样本中有 {count} 个（{share:.1%}）与训练部分的样本完全相同；测试结果会偏高。",
    )
    return (Note("warning" if given else "info", text),)


def class_notes(total: Mapping[str, int], train: Mapping[str, int]) -> tuple[Note, ...]:
    """Classes with few samples, and classes far from equally common.

    Args:
        total: samples of each class in all parts.
        train: samples of each class in the training part.
    """
    notes: list[Note] = []
    few = [f"{name} ({count})" for name, count in total.items() if count < FEW_SAMPLES]
    if few:
        shown = ", ".join(few[:_NAMED]) + (", ..." if len(few) > _NAMED else "")
        notes.append(
            Note(
                "warning",
                Text(
                    en=f"Fewer than {FEW_SAMPLES} samples in {len(few)} class{'es' * (len(few) != 1)}: {shown}; what "
                    "is said about them is uncertain.",
                    zh=f"有 {len(few)} 个类别的样本少于 {FEW_SAMPLES} 个：{shown}；有关它们的结论不可靠。",
                ),
            )
        )
    present = {name: count for name, count in train.items() if count}
    most, least = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
    if present[most] > IMBALANCE * present[least]:
        notes.append(
            Note(
                "warning",
                Text(
                    en=f"The classes are far from equally common: {most!r} has {present[most]:,} training samples, "
                    f"{least!r} has {present[least]:,}; look at the balanced accuracy, not only the accuracy.",
                    zh=f"类别严重不均衡：{most!r} 有 {present[most]:,} 个训练样本，{least!r} "
                    f"只有 {present[least]:,} 个；除准确率外，请同时看平衡准确率。",
                ),
            )
        )
    return tuple(notes)


def _key(row: Array) -> int:
    return hash(row.tobytes())
