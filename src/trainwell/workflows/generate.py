"""Let a trained language model write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainwell.data.formats.text import TextFormat
from trainwell.data.text.tokens import END
from trainwell.errors import SettingError
from trainwell.generation import Choosing
from trainwell.generation import generate as continue_tokens
from trainwell.locales import Text
from trainwell.report.facts import Written
from trainwell.workflows.predict import open_model
from trainwell.workflows.run import Run

DEFAULT_LENGTH = 300
SAMPLE_LENGTH = 240  # tokens of the sample in a report


def generate(
    run: Run | str | Path,
    prompt: str = "",
    *,
    length: int = DEFAULT_LENGTH,
    temperature: float = 0.8,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    stop: bool = False,
) -> Iterator[str]:
    """Continue a text with a trained language model, piece by piece as it is made.

    Args:
        run: a run or its folder.
        prompt: what to begin with; without one the model begins as its texts begin.
        length: tokens to write, 1 or more.
        temperature: see `trainwell.generation.Choosing`.
        top_k: likewise.
        top_p: likewise.
        seed: the same seed gives the same text.
        stop: stop at the end of a document, where the texts learned from were documents (poems, messages).

    Yields:
        Pieces of text that follow the prompt; joined they are the whole.

    Raises:
        SettingError: the run is no language model, or a setting that cannot work.
        FolderError: there is no such run.
    """
    model, facts, form = open_model(run)
    if facts is None or not isinstance(form, TextFormat) or facts.data.task != "language_model":
        task = facts.data.task if facts is not None else "?"
        raise SettingError(
            Text(
                en=f"{str(getattr(run, 'folder', run))!r} learned another task ({task}), only a language model writes "
                "text; train one with --task language_model",
                zh=f"{str(getattr(run, 'folder', run))!r} 学习的是其他任务（{task}），只有语言模型能写文本；"
                "请用 --task language_model 训练",
            )
        )
    choosing = Choosing(temperature, top_k, top_p)
    window = int(facts.data.input_shape[0])
    return _pieces(model, form, prompt, length, window, choosing, seed, stop=stop)


def _pieces(
    model: Any,
    form: TextFormat,
    prompt: str,
    length: int,
    window: int,
    choosing: Choosing,
    seed: int,
    *,
    stop: bool,
) -> Iterator[str]:
    before = form.start if form.documents or not prompt else ()
    first = [int(token) for token in (*before, *form.encode_stream(prompt))]
    made: list[int] = []
    told = ""
    for token in continue_tokens(
        model, first, length=length, window=window, choosing=choosing, seed=seed, forbidden=form.unwritten
    ):
        if stop and token == END:
            break
        made.append(token)
        text = form.decode(made)
        # a character may be spread over several tokens: what is not yet whole waits
        if text.endswith("\ufffd") or not text.startswith(told):
            continue
        if len(text) > len(told):
            yield text[len(told) :]
            told = text
    rest = form.decode(made)
    if rest.startswith(told) and len(rest) > len(told):
        yield rest[len(told) :]


def sample(run: Run, seed: int = 0) -> Written:
    """A short text for the report."""
    temperature = 0.8
    text = "".join(generate(run, length=SAMPLE_LENGTH, temperature=temperature, seed=seed))
    return Written("", text, temperature, seed)
