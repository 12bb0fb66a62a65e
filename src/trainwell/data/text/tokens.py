"""Tokenizers: how text is cut into numbered pieces. Trained on the training part, by Hugging Face `tokenizers`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from trainwell.data.frames.columns import CJK
from trainwell.locales import Text

Tokens = Literal["byte_pair", "characters", "words"]
PAD, UNKNOWN, END = 0, 1, 2
SPECIAL = ("[PAD]", "[UNK]", "[END]")
TITLES: dict[str, Text] = {
    "byte_pair": Text(en="byte pairs", zh="字节对"),
    "characters": Text(en="characters", zh="字符"),
    "words": Text(en="words", zh="单词"),
}
CHINESE = 0.2  # of the letters: from this share on, text is cut into characters
_LOOKED_AT = 1_000_000  # characters from which that share is measured
_LETTER = re.compile(r"[^\W\d_]")
_CJK = re.compile(CJK)


def chinese_share(texts: Sequence[str]) -> float:
    """Share of Chinese, Japanese and Korean letters among all letters, 0..1; measured on evenly spaced texts.

    >>> chinese_share(["你好 ok"])
    0.5
    """
    letters = chinese = 0
    step = max(1, sum(map(len, texts)) // _LOOKED_AT)
    for text in texts[::step]:
        piece = text[:_LOOKED_AT]
        letters += len(_LETTER.findall(piece))
        chinese += len(_CJK.findall(piece))
    return chinese / letters if letters else 0.0


def train_tokenizer(
    texts: Iterable[str], tokens: Tokens, *, vocabulary: int, rarest: int, plain: bool
) -> dict[str, Any]:
    """A tokenizer fitted to texts, as plain JSON of the library's own form.

    Byte pairs are the byte-level ones of GPT-2 (Radford et al. 2019; Sennrich, Haddow and Birch, "Neural Machine
    Translation of Rare Words with Subword Units", 2016): no text is unknown to them, and decoding gives it back letter
    by letter. Words are runs of letters and digits, or of signs; a line break is one too.

    Args:
        texts: of the training part only.
        tokens: what a token is.
        vocabulary: largest number of tokens, with the three special ones; byte pairs have 259 at least.
        rarest: tokens seen less often are unknown (a pair of pieces: is not joined).
        plain: make wide and narrow forms of letters one (Unicode NFKC), and all lower case.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    settings: Any = {"min_frequency": rarest, "special_tokens": [*SPECIAL], "show_progress": False}
    if tokens == "byte_pair":
        made: Any = Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN]))
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer: Any = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, **settings)
    else:
        made = Tokenizer(models.WordLevel(unk_token=SPECIAL[UNKNOWN]))
        trainer = trainers.WordLevelTrainer(vocab_size=vocabulary, **settings)
        if tokens == "characters":
            made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
            made.decoder = decoders.Fuse()
        else:
            made.pre_tokenizer = pre_tokenizers.Split(Regex(r"\w+|[^\w\s]+|\n"), "removed", invert=True)
    if plain:
        made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    made.train_from_iterator(texts, trainer)
    return json.loads(made.to_str())


def open_tokenizer(values: Any) -> Any:
    """The library's `Tokenizer` of what `train_tokenizer` gave; "[PAD]" written in a text is text to it.

    Raises:
        ValueError: it describes none.
    """
    from tokenizers import Tokenizer

    try:
        made: Any = Tokenizer.from_str(json.dumps(values, ensure_ascii=False))
    except Exception as error:  # the library raises nothing more special
        raise ValueError(str(error)) from error
    made.encode_special_tokens = True
    return made


def shortened(text: str, columns: int = 120) -> str:
    """One line of a text, with "..." if it is wider than so many columns of a terminal; Chinese letters take two.

    >>> shortened("你好吗 fine", 9)
    '你好吗...'
    """
    line = " ".join(text[: 4 * columns].split())
    width = 0
    fits = 0  # letters that leave room for the dots
    for place, letter in enumerate(line):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width <= columns - 3:
            fits = place + 1
        if width > columns:
            return line[:fits] + "..."
    return line if len(text) <= 4 * columns else line[:fits] + "..."
