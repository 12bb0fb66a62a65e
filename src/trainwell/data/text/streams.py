"""Text to be continued: documents in their order, cut into a training, a validation and a test part."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from trainwell.data.dataset import Note
from trainwell.data.formats.text import RawTexts
from trainwell.data.raw import Options, Part, Raw
from trainwell.data.text.fit import fit_stream
from trainwell.errors import DataError, SettingError
from trainwell.locales import Text


def stream_raw(
    name: str,
    source: str,
    texts: Sequence[str],
    options: Options,
    *,
    columns: Sequence[str] = (),
    test: Sequence[str] | None = None,
    validation: Sequence[str] | None = None,
    notes: Sequence[Note] = (),
) -> Raw:
    """A language model's data.

    The first part of the text is for training, then comes validation, and the last share is the test: a random split
    would put the two halves of a sentence on either side. One text is cut by characters, several between texts.

    Args:
        name: short name.
        source: what was given.
        texts: one long text, or several; empty ones are left out.
        options: the shares.
        columns: of the table that the texts came from.
        test: the source's own test texts.
        validation: the source's own validation texts.
        notes: what was decided before.

    Raises:
        DataError: there is no text.
        SettingError: another task was asked for, or no share for the test.
    """
    if options.task not in (None, "language_model"):
        raise SettingError(
            Text(
                en=f'task="{options.task}", but these texts have no labels: a network can only learn to continue them, '
                'task="language_model"',
                zh=f'task="{options.task}"，但这些文本没有标签，只能学习续写：task="language_model"',
            )
        )
    if options.test == 0 and test is None:
        raise SettingError(
            Text(
                en="test=0, but the text has no test part of its own; give a share above 0, such as test=0.1",
                zh="test=0，但文本本身没有测试部分；请给出大于 0 的比例，例如 test=0.1",
            )
        )
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise DataError(
            Text(en=f"{source!r} holds no text; give a file with some", zh=f"{source!r} 中没有文本；请提供有内容的文件")
        )
    shares = (0.0 if validation is not None else options.validation, 0.0 if test is not None else options.test)
    parts = _cut(texts, shares)
    held = [own if own is not None else cut for own, cut in zip((validation, test), parts[1:], strict=True)]
    return Raw(
        name,
        source,
        Part(RawTexts(parts[0]), None),
        Part(RawTexts([t for t in held[0] if t.strip()]), None) if held[0] else None,
        Part(RawTexts([t for t in held[1] if t.strip()]), None),
        kind="text",
        task="language_model",
        notes=tuple(notes),
        fit=partial(fit_stream, tuple(columns)),
        split_note=_split_note(shares, several=len(texts) > 1),
    )


def _cut(texts: Sequence[str], shares: tuple[float, float]) -> list[list[str]]:
    """Training, validation and test, in order."""
    whole = texts if len(texts) > 1 else texts[0]
    count = len(whole)
    behind = count - round(count * shares[1])
    middle = behind - round(count * shares[0])
    pieces = [whole[:middle], whole[middle:behind], whole[behind:]]
    parts = [[piece] if isinstance(piece, str) and piece else [*piece] for piece in pieces]
    if not parts[0] or any(share and not part for share, part in zip(shares, parts[1:], strict=True)):
        raise DataError(
            Text(
                en=f"{count:,} {'texts' if len(texts) > 1 else 'characters'} cannot be cut into training, validation "
                "and test; give more text",
                zh=f"{count:,} {'篇文本' if len(texts) > 1 else '个字符'}无法分成训练、验证和测试部分；请提供更多文本",
            )
        )
    return parts


def _split_note(shares: tuple[float, float], *, several: bool) -> Text:
    unit = Text(en="texts", zh="文本") if several else Text(en="characters", zh="字符")
    named = ((shares[0], Text(en="validation", zh="验证")), (shares[1], Text(en="the test", zh="测试")))
    cut = [(share, part) for share, part in named if share]
    if not cut:
        return Text(en="Split: the parts are the source's own.", zh="划分：各部分来自数据源本身。")
    en = " and then ".join(f"{100 * share:g}% for {part.en}" for share, part in cut)
    zh = "，随后 ".join(f"{100 * share:g}% 用于{part.zh}" for share, part in cut)
    return Text(
        en=f"Split in order, not at random: the first {unit.en} for training, then {en}.",
        zh=f"按顺序划分，而非随机：最前面的{unit.zh}用于训练，之后 {zh}。",
    )
