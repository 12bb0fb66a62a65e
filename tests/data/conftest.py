"""What the tests of this room share: little pictures on disk, and how an error must read."""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import contextmanager

import numpy as np
import pytest

from trainwell.locales import LANGUAGES


@pytest.fixture
def refused():
    """`with refused(DataError, "piece", ...)`: raised, one line, in both languages, with every piece in both."""

    @contextmanager
    def check(error, *pieces, en=(), zh=()):
        with pytest.raises(error) as caught:
            yield
        own = {"en": en, "zh": zh}
        for language in LANGUAGES:
            text = caught.value.text(language)
            assert "\n" not in text
            for piece in (*pieces, *own[language]):
                assert str(piece) in text, f"{piece!r} is not in {text!r}"
        assert re.search(r"[\u4e00-\u9fff]", caught.value.text("zh"))
        assert not re.search(r"[\u4e00-\u9fff]", caught.value.text("en").replace("".join(map(str, pieces)), ""))

    return check


@pytest.fixture
def picture():
    """A Pillow image of given size and mode with seeded noise."""
    from PIL import Image

    def make(width=10, height=10, mode="RGB", seed=0):
        rng = np.random.default_rng([seed, width, height])
        return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)

    return make


@pytest.fixture
def folder_of(tmp_path, picture):
    """Write {class: count} of pictures below a folder and return it."""

    def make(counts, where="set", suffix=".png", seed=0, **options):
        root = tmp_path / where
        for i, (name, count) in enumerate(counts.items()):
            (root / name).mkdir(parents=True)
            for k in range(count):
                picture(seed=1000 * (seed + 1) + 100 * i + k, **options).save(root / name / f"img{k}{suffix}")
        return root

    return make


@pytest.fixture
def png_header():
    """The bytes of a PNG that promises a size and holds next to nothing."""

    def make(width, height):
        def chunk(kind, content):
            return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

        header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10))

    return make


def texts(data):
    return [note.text.en for note in data.notes]


def warned(data):
    return [note.text for note in data.notes if note.severity == "warning"]


@pytest.fixture
def said():
    """All notes of a data set as one English text, and all its warnings as a list."""
    return lambda data: ("\n".join(texts(data)), warned(data))
