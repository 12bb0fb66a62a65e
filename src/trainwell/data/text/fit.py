"""Tokenizer, vocabulary and length of texts, learned from the training part only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from trainwell.data.dataset import Note
from trainwell.data.formats.text import RawTexts, TextFormat
from trainwell.data.raw import Fitted, Options
from trainwell.data.scaling import UNSCALED
from trainwell.data.text.tokens import CHINESE, SPECIAL, TITLES, Tokens, chinese_share, train_tokenizer
from trainwell.errors import DataError
from trainwell.locales import Text

VOCABULARY = 8000  # byte pairs or characters at most
WORDS = 20_000  # words at most
WORDS_UP_TO = 5_000_000  # characters of text in all: of more, also rare words are seen often enough in pieces
LONGEST = 256  # tokens of a text at most: attention costs the square of it
WINDOW = 64  # tokens a language model looks back at; twice as many cost twice the time per token on a CPU
STREAM_CHARACTERS = 5_000_000  # a longer text is cut into byte pairs for a language model
_PERCENTILE = 99
_SMALLEST_BYTE_PAIR = 512  # 256 bytes, the special tokens, and some pairs
_PER_TOKEN = 100  # characters of training text for each token of the vocabulary: a rarer one is hardly learned
_LONGEST_WORD = 12  # letters on average: where they are more, blanks do not part words (Thai)
_FEW_CHARACTERS = 256  # so many different ones are all kept, also those seen once
_WINDOWS = 100  # windows a training part should have
_SHORTEST_WINDOW = 8


def fit_texts(columns: Sequence[str], raw: Any, options: Options) -> Fitted:
    """Tokenizer and length for texts that stand each for itself.

    Chinese is cut into characters; else texts of up to 5 million characters in all into words, because the rare ones
    are seen too seldom to be learned from their pieces (news in four classes: 0.876 against 0.853 on validation
    data), more than that, or text without blanks, into byte pairs; unless `options.tokens` says otherwise. Letters are
    made lower case and their wide forms narrow. The length is the 99th percentile of the training texts, at most 256
    tokens; `options.max_length` overrides it.

    Args:
        columns: the columns of the table that the texts came from, or ().
        raw: `RawTexts`, the training part.
        options: `tokens`, `vocabulary`, `max_length`.

    Raises:
        DataError: all texts are one and the same token.
    """
    texts = cast("RawTexts", raw).texts
    chinese = chinese_share(texts)
    tokens = _tokens(options, _rule(texts, chinese))
    tokenizer = _tokenizer(texts, tokens, options, rarest=2, plain=True)
    made = TextFormat(tokens, tokenizer, 1, tuple(columns))
    lengths, distinct = _measured(made, texts)
    if distinct < 2:
        raise _one_token(tokens)
    rule = min(max(1, math.ceil(float(np.percentile(lengths, _PERCENTILE)))), LONGEST)
    made = made.with_length(options.max_length or rule)
    cut = int((lengths > made.length).sum())
    return Fitted(made, (_tokens_note(made, chinese, options), _length_note(made, lengths, cut, options)), (), UNSCALED)


def fit_stream(columns: Sequence[str], raw: Any, options: Options) -> Fitted:
    """Tokenizer and window for a language model.

    Characters, or byte pairs if the training part has more than 5 million of them, unless `options.tokens` says
    otherwise; letters stay as they are. The window is 64 tokens, less if there would be fewer than 100
    windows; `options.max_length` overrides it.

    Args:
        columns: the columns of the table that the texts came from, or ().
        raw: `RawTexts`, the training part.
        options: `tokens`, `vocabulary`, `max_length`.

    Raises:
        DataError: all of the text is one and the same token.
    """
    texts = cast("RawTexts", raw).texts
    size = sum(map(len, texts))
    tokens = _tokens(options, "characters" if size <= STREAM_CHARACTERS else "byte_pair")
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    rare = tokens != "characters" or len(set().union(*map(set, lines))) > _FEW_CHARACTERS
    tokenizer = _tokenizer(lines, tokens, options, rarest=2 if rare else 1, plain=False)
    made = TextFormat(tokens, tokenizer, 1, tuple(columns), stream=True, documents=len(texts) > 1)
    lengths, distinct = _measured(made, lines)
    if distinct < 2:
        raise _one_token(tokens)
    count = int(lengths.sum()) + len(texts) * (len(texts) > 1)
    rule = max(_SHORTEST_WINDOW, min(WINDOW, count // _WINDOWS))
    made = made.with_length(options.max_length or rule)
    return Fitted(made, (_stream_note(made, count, len(texts), options),), (), UNSCALED)


def _rule(texts: Sequence[str], chinese: float) -> Tokens:
    if chinese >= CHINESE:
        return "characters"
    letters = sum(map(len, texts))
    words = sum(len(text.split()) for text in texts)
    return "words" if letters <= WORDS_UP_TO and letters <= _LONGEST_WORD * max(1, words) else "byte_pair"


def _tokens(options: Options, rule: Tokens) -> Tokens:
    return rule if options.tokens is None else cast("Tokens", options.tokens)


def _tokenizer(texts: Sequence[str], tokens: Tokens, options: Options, *, rarest: int, plain: bool) -> dict[str, Any]:
    size = WORDS if tokens == "words" else VOCABULARY
    if tokens == "byte_pair":
        size = min(VOCABULARY, max(_SMALLEST_BYTE_PAIR, sum(map(len, texts)) // _PER_TOKEN))
    size = max(options.vocabulary or size, len(SPECIAL) + 1)
    return train_tokenizer(texts, tokens, vocabulary=size, rarest=rarest, plain=plain)


def _measured(made: TextFormat, texts: Sequence[str]) -> tuple[Any, int]:
    """Tokens of each text, and how many different ones there are in all."""
    seen = np.zeros(made.vocabulary_size, bool)
    lengths = np.zeros(len(texts), np.int64)
    for place, ids in enumerate(made.ids(texts)):
        lengths[place] = len(ids)
        seen[ids] = True
    return lengths, int(seen.sum())


def _one_token(tokens: Tokens) -> DataError:
    what = TITLES[tokens]
    return DataError(
        Text(
            en=f"cut into {what.en}, all training texts are one and the same token, so there is nothing to learn from; "
            "give other texts, or another way of cutting (tokens=)",
            zh=f"按{what.zh}切分后，所有训练文本都是同一个词元，无从学习；请提供其他文本，或换一种切分方式（tokens=）",
        )
    )


def _tokens_note(made: TextFormat, chinese: float, options: Options) -> Note:
    what, size = TITLES[made.tokens], made.vocabulary_size
    why = Text(en="as asked for", zh="按指定")
    if options.tokens is None:
        why = {
            "characters": Text(en=f"{chinese:.0%} of the letters are Chinese", zh=f"汉字占字母的 {chinese:.0%}"),
            "words": Text(
                en="the text is too short to learn words from their pieces", zh="文本较少，不足以从词的片段学习"
            ),
            "byte_pair": Text(
                en="there is text enough to learn rare words from their pieces, or no blanks part the words",
                zh="文本足够多，可以从片段学习罕见的词，或词之间没有空格",
            ),
        }[made.tokens]
    return Note(
        "info",
        Text(
            en=f"Texts are cut into {what.en} ({why.en}); vocabulary of {size:,} tokens from the training part, upper "
            "and lower case made one.",
            zh=f"文本按{what.zh}切分（{why.zh}）；词表取自训练部分，共 {size:,} 个词元，不区分大小写。",
        ),
    )


def _length_note(made: TextFormat, lengths: Any, cut: int, options: Options) -> Note:
    rule = Text(en="as asked for", zh="按指定")
    if options.max_length is None:
        most = LONGEST
        rule = Text(
            en=f"the {_PERCENTILE}th percentile of the training texts, at most {most}",
            zh=f"训练文本的第 {_PERCENTILE} 百分位数，最多 {most}",
        )
    return Note(
        "info",
        Text(
            en=f"A text is {made.length} tokens long ({rule.en}); {cut:,} of {len(lengths):,} training texts are "
            "longer and lose their end.",
            zh=f"每个文本取 {made.length} 个词元（{rule.zh}）；{len(lengths):,} 个训练文本中有 {cut:,} 个更长，"
            "超出部分被截去。",
        ),
    )


def _stream_note(made: TextFormat, count: int, texts: int, options: Options) -> Note:
    what, size = TITLES[made.tokens], made.vocabulary_size
    joined = Text(en="", zh="")
    if texts > 1:
        joined = Text(
            en=f"{texts:,} texts are joined with an end token behind each; ",
            zh=f"{texts:,} 篇文本首尾相接，每篇后加一个结束词元；",
        )
    asked = Text(en=" (as asked for)", zh="（按指定）") if options.max_length else Text(en="", zh="")
    return Note(
        "info",
        Text(
            en=f"The training text is {count:,} tokens ({what.en}, vocabulary of {size:,}); {joined.en}windows of "
            f"{made.length} tokens{asked.en}, in which each token is to be predicted from those before it.",
            zh=f"训练文本共 {count:,} 个词元（{what.zh}，词表 {size:,}）；{joined.zh}窗口长 {made.length} 个词元"
            f"{asked.zh}，每个词元都由它之前的词元预测。",
        ),
    )
