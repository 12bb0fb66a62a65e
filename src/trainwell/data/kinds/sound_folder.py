"""A folder of recordings: one subfolder per class, names that begin with the class, or a table beside them."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from trainwell.data.dataset import Note
from trainwell.data.files.images import IMAGE_SUFFIXES
from trainwell.data.files.media_files import DamagedFileError, check_asked, damage_notes, is_hidden, read_each
from trainwell.data.formats.audio import AudioFormat
from trainwell.data.raw import Fitted, Options, Part, Raw
from trainwell.data.scaling import UNSCALED
from trainwell.data.sound.file import FORMATS, SOUND_SUFFIXES, SOUNDS, SoundHeader, Wave, read_header
from trainwell.data.sound.layout import Layout, find_layout
from trainwell.data.sound.recordings import LONGEST, Recordings, decode_each, silence_notes
from trainwell.errors import DataError
from trainwell.locales import Text

PRIORITY = 75  # before folders of texts: recordings often have a transcript beside each
NAMES: tuple[str, ...] = ()
ACCEPTS = Text(
    en=f"a folder of sound ({FORMATS}): one subfolder per class, file names that begin with the class, or a "
    "metadata.csv beside them",
    zh=f"声音文件（{FORMATS}）的文件夹：每个类别一个子文件夹，或文件名以类别开头，或旁边有 metadata.csv",
)
HIGHEST_RATE = 16_000  # Hz: speech is understood from what lies below 8 kHz
_PERCENTILE = 99
_STEPS = 10  # lengths are whole tenths of a second
_TEXT = ".txt"
_LOOKED_AT = 2000  # files whose names decide whether a folder is one of sound


def recognises(source: Any) -> bool:
    """Whether `source` is a folder with more sound files than images and no fewer than texts; looks at names only."""
    if not isinstance(source, str | os.PathLike) or not Path(source).is_dir():
        return False
    media = SOUND_SUFFIXES | IMAGE_SUFFIXES | {_TEXT}
    suffixes = (Path(f).suffix.lower() for _, _, files in os.walk(source) for f in files if not is_hidden(f))
    found = Counter(islice((s for s in suffixes if s in media), _LOOKED_AT))
    sounds = sum(count for suffix, count in found.items() if suffix in SOUND_SUFFIXES)
    return sounds > found.total() - sounds - found[_TEXT] and sounds >= found[_TEXT]


def read(source: Any, options: Options) -> Raw:
    """Check names and headers of all files first, then decode.

    All are brought to one rate: `options.sample_rate`, or the commonest of the files, at most 16,000 Hz. What lies
    behind `options.max_seconds` (30 if not given) is not decoded.

    Raises:
        FolderError: the folder is empty, nothing says the classes, or a file cannot be opened.
        DataError: one class, a class too small, parts with different classes, a file that is no sound, all silent;
            with `options.strict` also a damaged file.
        UnknownNameError: `options.target` is no column of the table.
        SettingError: `options.kind` is not "audio".
    """
    check_asked(options.kind, "audio", SOUNDS, source)
    folder = Path(source)
    layout = find_layout(folder, options)
    files = [(part, path, place) for part, paths in layout.paths.items() for place, path in enumerate(paths)]
    headers = list(read_each(read_header, [path for _, path, _ in files], strict=options.strict))
    whole = [file for file, header in zip(files, headers, strict=True) if not isinstance(header, DamagedFileError)]
    rate, rule = _rate([header for header in headers if not isinstance(header, DamagedFileError)], options)
    good: list[tuple[str, Path, int]] = []
    waves: list[Wave] = []
    seconds: list[float] = []
    longest = options.max_seconds or LONGEST
    decoded = decode_each([path for _, path, _ in whole], rate, longest, strict=options.strict)
    for done, (file, result) in enumerate(zip(whole, decoded, strict=True), start=1):
        if not isinstance(result, DamagedFileError):
            good.append(file)
            waves.append(result[0])
            seconds.append(result[1])
        if options.progress:
            options.progress(done, len(whole))
    _check_left(layout, good)
    kept = {path for _, path, _ in good}
    names = [path.relative_to(layout.root).as_posix() for _, path, _ in good]
    damaged = [path.relative_to(layout.root).as_posix() for _, path, _ in files if path not in kept]
    recordings = Recordings(tuple(waves), np.asarray(seconds, np.float64), rate)
    parts = {part: _part(layout, part, good, recordings, names) for part in layout.paths}
    return Raw(
        folder.resolve().name or "recordings",
        str(source),
        parts["train"],
        parts.get("validation"),
        parts.get("test"),
        kind="audio",
        notes=(*layout.notes, rule, *damage_notes(SOUNDS, damaged), *silence_notes(waves, names)),
        fit=fit_recordings,
    )


def fit_recordings(raw: Any, options: Options) -> Fitted:
    """The length of all inputs: the 99th percentile of the training recordings' durations, rounded up to 0.1 s.

    It is at most `options.max_seconds`, 30 s if that is not given; recordings of one duration keep it exactly.
    """
    seconds, rate = raw.seconds, raw.rate
    limit = options.max_seconds or LONGEST
    common = float(np.percentile(seconds, _PERCENTILE))
    tenths = math.ceil(common * _STEPS - 1e-6) / _STEPS
    wanted = min(common if seconds.min() == seconds.max() else tenths, limit)
    chosen = AudioFormat(rate, max(1, round(wanted * rate)))
    cut = int((seconds * rate > chosen.length + 0.5).sum())
    return Fitted(
        chosen, (_length_note(chosen, cut, len(seconds), asked=options.max_seconds is not None),), (), UNSCALED
    )


def _rate(headers: Sequence[SoundHeader], options: Options) -> tuple[int, Note]:
    rates = Counter(header.rate for header in headers)
    found = ", ".join(f"{rate:,} Hz ({count:,})" for rate, count in rates.most_common(3))
    if options.sample_rate:
        rate, why = options.sample_rate, Text(en="as asked for", zh="按指定")
    else:
        commonest = max(rates, key=lambda rate: (rates[rate], rate), default=HIGHEST_RATE)
        rate = min(commonest, HIGHEST_RATE)
        why = Text(en=f"the commonest, at most {HIGHEST_RATE:,}", zh=f"最常见的采样率，上限 {HIGHEST_RATE:,}")
    channels = sum(header.channels > 1 for header in headers)
    mixed_en = f"; the channels of {channels:,} are averaged" if channels else ""
    mixed_zh = f"；其中 {channels:,} 个文件的多个声道取平均" if channels else ""
    return rate, Note(
        "info",
        Text(
            en=f"Sound at {rate:,} samples per second ({why.en}); files: {found}{mixed_en}.",
            zh=f"采样率为 {rate:,} Hz（{why.zh}）；文件：{found}{mixed_zh}。",
        ),
    )


def _check_left(layout: Layout, good: Sequence[tuple[str, Path, int]]) -> None:
    """Refuse a class of which no file could be read."""
    for part, targets in layout.targets.items():
        left = [place for p, _, place in good if p == part]
        if targets.dtype.kind == "f" and left:
            continue
        lost = sorted({*map(str, targets.tolist())} - {*map(str, targets[left].tolist())})
        if lost:
            where = str(layout.root)
            raise DataError(
                Text(
                    en=f"every sound file of the class {lost[0]!r} ({part}) in {where!r} is damaged; replace them or "
                    "leave the class out",
                    zh=f"{where!r} 中类别 {lost[0]!r}（{part}）的声音文件全部损坏；请替换文件或去掉该类别",
                )
            )


def _part(
    layout: Layout, part: str, good: Sequence[tuple[str, Path, int]], recordings: Recordings, names: Sequence[str]
) -> Part:
    rows = np.asarray([row for row, file in enumerate(good) if file[0] == part], np.int64)
    targets = layout.targets[part][[good[row][2] for row in rows.tolist()]]
    return Part(
        recordings.take(rows), targets, tuple(name for name, file in zip(names, good, strict=True) if file[0] == part)
    )


def _length_note(chosen: AudioFormat, cut: int, count: int, *, asked: bool) -> Note:
    seconds = f"{chosen.length / chosen.sample_rate:g}"
    many = cut > (100 - _PERCENTILE) / 100 * count + 1
    if not many:
        why = Text(en="nearly all training recordings fit", zh="几乎所有训练录音都不超过它")
    elif asked:
        why = Text(en="the limit that was given", zh="按指定的上限")
    else:
        why = Text(en="the limit; give max_seconds to keep more", zh="默认上限；如需保留更多，请指定 max_seconds")
    cut_en = f"; {cut:,} of {count:,} training recordings are longer and lose their end" if cut else ""
    cut_zh = f"；{count:,} 个训练录音中有 {cut:,} 个更长，其结尾被截去" if cut else ""
    return Note(
        "warning" if many and not asked else "info",
        Text(
            en=f"Inputs are {seconds} s long ({chosen.length:,} samples; {why.en}), with zeros behind the end of "
            f"shorter recordings{cut_en}.",
            zh=f"输入长度为 {seconds} 秒（{chosen.length:,} 个采样；{why.zh}），较短的录音末尾补零{cut_zh}。",
        ),
    )
