"""Text as tokens: the tokenizer of the training part, the length of a text, and new texts from wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trainwell.data.dataset import Kind, Note
from trainwell.data.formats import Samples
from trainwell.data.padding import padded
from trainwell.data.text.sources import read_texts
from trainwell.data.text.tokens import END, PAD, SPECIAL, UNKNOWN, Tokens, open_tokenizer, shortened
from trainwell.errors import DataError
from trainwell.locales import Text

Ids = npt.NDArray[np.int32]
_BATCH = 1_000_000  # characters tokenized in one go: what the library keeps of each token is 50 times its number
_VISIBLE = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥", "\u3000": "␣"})
_STRANGE = "\ufffd"  # stands for what has no token, or for a piece of a letter


@dataclass(frozen=True, eq=False)
class RawTexts:
    """Texts, one per sample.

    Attributes:
        texts: as they stand in the source.
    """

    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, places: npt.NDArray[np.int64], /) -> RawTexts:
        """The texts at these places."""
        chosen: list[int] = places.tolist()
        return RawTexts([self.texts[place] for place in chosen])


@dataclass(frozen=True, eq=False)
class TextFormat:
    """How text becomes token numbers.

    Attributes:
        tokens: what a token is.
        tokenizer: the tokenizer, as the JSON of the library `tokenizers`.
        length: tokens of a sample; of a language model's window, without the one to predict last.
        columns: of the table that the texts came from; () if it was none.
        stream: whether texts are joined and cut into windows (a language model), or stand each for itself.
        documents: whether the stream was made of several texts, with an end token behind each.
    """

    KIND: ClassVar[Kind] = "text"
    tokens: Tokens
    tokenizer: Mapping[str, Any]
    length: int
    columns: tuple[str, ...] = ()
    stream: bool = False
    documents: bool = False

    @cached_property
    def _tokenizer(self) -> Any:
        return open_tokenizer(self.tokenizer)

    @property
    def vocabulary_size(self) -> int:
        """Number of different tokens, with the padding, the unknown and the end."""
        return int(self._tokenizer.get_vocab_size())

    def encode(self, raw: Any, /) -> Ids:
        """Texts (`RawTexts` or a list) as int32 tokens.

        Each text is a row (samples, length): longer ones are cut, shorter ones filled up with 0 behind, an empty one is
        one unknown token. For a language model all texts are one stream, with an end token behind each if there are
        several; its windows are (windows, length + 1), each beginning with the last token of the one before.

        Raises:
            DataError: the stream is shorter than a window.
        """
        texts: Sequence[str] = raw.texts if isinstance(raw, RawTexts) else raw
        return self._windows(texts) if self.stream else self._rows(texts)

    def encode_stream(self, text: str, /) -> Ids:
        """Tokens of a text of any length (tokens,), int32, nothing cut or added."""
        pieces = [*self.ids(text.splitlines(keepends=True))]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int32)

    def ids(self, texts: Sequence[str]) -> Iterator[Ids]:
        """The tokens of each text, int32 (tokens,)."""
        batch: list[str] = []
        size = 0
        for place, text in enumerate(texts):
            batch.append(text)
            size += len(text)
            if size >= _BATCH or place == len(texts) - 1:
                for encoding in self._tokenizer.encode_batch_fast(batch, add_special_tokens=False):
                    yield np.asarray(encoding.ids, np.int32)
                batch, size = [], 0

    def decode(self, ids: Any, /) -> str:
        """Text of tokens (tokens,): nothing for padding, a line break for an end, [UNK] or U+FFFD for an unknown."""
        numbers = np.asarray(ids).reshape(-1).tolist()
        strange = SPECIAL[UNKNOWN] if self.tokens == "words" else _STRANGE
        written = {PAD: "", UNKNOWN: strange, END: "\n"}
        pieces: list[str] = []
        run: list[int] = []
        for number in [*numbers, PAD]:
            if number not in written:
                run.append(number)
                continue
            pieces += [self._tokenizer.decode(run)] * bool(run) + [written[number]] * bool(written[number])
            run = []
        return (" " if self.tokens == "words" else "").join(pieces)

    def token_text(self, token: int, /) -> str:
        """One token as a person reads it, never empty: visible signs stand for blanks and line breaks alone."""
        if token in (PAD, UNKNOWN, END):
            return str(self._tokenizer.id_to_token(token))
        text = str(self._tokenizer.decode([token]))
        return text.strip() or text.translate(_VISIBLE) or _STRANGE

    def show(self, sample: npt.NDArray[Any], /) -> str:
        """The text of one input (tokens,), shortened."""
        return shortened(self.decode(sample))

    def unknown_notes(self, texts: Sequence[str], /) -> tuple[Note, ...]:
        """A note on what of these texts stood nowhere in the training part; () if there is nothing."""
        encoded = [*self.ids(texts)]
        strange, count = sum(int((ids == UNKNOWN).sum()) for ids in encoded), sum(map(len, encoded))
        if not strange:
            return ()
        vocabulary = self._tokenizer.get_vocab() if self.tokens == "characters" else {}
        named = sorted({letter for text in texts for letter in text if letter.strip() and letter not in vocabulary})
        shown = f" ({' '.join(named[:10])})" if vocabulary and not self.tokenizer.get("normalizer") else ""
        en = f"{strange:,} of {count:,} tokens{shown} were not in the training part; they are read as [UNK]."
        zh = f"{count:,} 个词元中有 {strange:,} 个{shown}在训练部分中没有出现过，按 [UNK] 处理。"
        return (Note("info", Text(en=en, zh=zh)),)

    def read(self, source: Any, /, *, strict: bool = False) -> Samples:
        """New texts.

        Args:
            source: a .txt file, a folder of such, or a table with the columns of the training (a label column may be
                there); a string that is no path is the text itself; or a list of texts.
            strict: refuse empty texts instead of saying that they are.

        Raises:
            FolderError: a file cannot be opened.
            DataError: it holds no text, or the text column is not there.
        """
        names, texts = read_texts(source, self.columns)
        notes = self.unknown_notes(texts) if self.tokens != "byte_pair" else ()
        empty = [name for name, text in zip(names, texts, strict=True) if not text.strip()]
        if empty:
            told = Text(
                en=f"{len(empty):,} empty text{'s' * (len(empty) > 1)} (the first: {empty[0]}); the answer there "
                "means nothing",
                zh=f"有 {len(empty):,} 个空文本（第一个：{empty[0]}），对它们的回答没有意义",
            )
            if strict:
                raise DataError(told)
            notes = (*notes, Note("warning", Text(en=told.en + ".", zh=told.zh + "。")))
        return Samples(tuple(names), self._rows(texts), tuple(shortened(text) for text in texts), notes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, the tokenizer in it as the library writes it."""
        return {
            "tokens": self.tokens,
            "length": self.length,
            "columns": list(self.columns),
            "stream": self.stream,
            "documents": self.documents,
            "tokenizer": dict(self.tokenizer),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], /) -> Self:
        """Back from `to_json`.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        if values["tokens"] not in ("byte_pair", "characters", "words"):
            raise ValueError(f"tokens {values['tokens']!r}")
        columns = tuple(str(name) for name in values["columns"])
        stream, documents = bool(values["stream"]), bool(values["documents"])
        made = cls(values["tokens"], values["tokenizer"], int(values["length"]), columns, stream, documents)
        made.vocabulary_size  # noqa: B018  opens the tokenizer, so that a damaged one is found here
        return made

    @property
    def start(self) -> Ids:
        """What stands before the first token of a text, int32 (tokens,): an end of the text before, or a line break."""
        breaks = self.encode_stream("\n")
        known = not self.documents and len(breaks) > 0 and UNKNOWN not in breaks
        return breaks if known else np.full(1, END, np.int32)

    @property
    def unwritten(self) -> tuple[int, ...]:
        """Tokens that a language model never writes: padding, the unknown one, an end where there were no documents."""
        return (PAD, UNKNOWN) if self.documents else (PAD, UNKNOWN, END)

    def with_length(self, length: int) -> Self:
        """The same with another length."""
        return replace(self, length=length)

    def _rows(self, texts: Sequence[str]) -> Ids:
        if not len(texts):
            return np.zeros((0, self.length), np.int32)
        unknown = np.full(1, UNKNOWN, np.int32)
        rows = [ids[: self.length].copy() if len(ids) else unknown for ids in self.ids(texts)]
        return padded(rows, PAD, np.int32, self.length)

    def _windows(self, texts: Sequence[str]) -> Ids:
        size = self.length
        if not len(texts):
            return np.zeros((0, size + 1), np.int32)
        stream = self._stream(texts)
        count = (len(stream) - 1) // size
        if count < 1:
            raise DataError(
                Text(
                    en=f"a part of the text has {len(stream):,} tokens, a window needs {size + 1:,}; give more text, a "
                    f"larger share for this part, or max_length={max(1, len(stream) - 1)}",
                    zh=f"文本的某一部分只有 {len(stream):,} 个词元，而一个窗口需要 {size + 1:,} 个；"
                    f"请提供更多文本、增大该部分的比例，或指定 max_length={max(1, len(stream) - 1)}",
                )
            )
        return np.lib.stride_tricks.sliding_window_view(stream, size + 1)[: count * size : size].copy()

    def _stream(self, texts: Sequence[str]) -> Ids:
        end = np.full(1, END, np.int32) if len(texts) > 1 else np.zeros(0, np.int32)
        lines = [text.splitlines(keepends=True) for text in texts]
        tokens = self.ids([line for text in lines for line in text])
        pieces: list[Ids] = []
        for text in lines:
            pieces += [next(tokens) for _ in text]
            pieces.append(end)
        return np.concatenate(pieces)


FORMAT = TextFormat
