"""Text files in the encodings that people have."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.data.files.encodings import INFLATION, decode, read_text
from trainwell.errors import DataError, FolderError

SENTENCE = "很好吃，下次还来。It was good.\n第二行 ok"


@pytest.mark.parametrize(
    ("data", "used"),
    [
        (SENTENCE.encode(), "utf-8"),
        (SENTENCE.encode("utf-8-sig"), "utf-8-sig"),
        (SENTENCE.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + SENTENCE.encode("utf-16-be"), "utf-16"),
        (SENTENCE.encode("gb18030"), "gb18030"),
        (SENTENCE.encode("gbk"), "gb18030"),
    ],
)
def test_the_encoding_is_found(data, used):
    assert decode(data, "a.txt", None) == (SENTENCE, used)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_utf8_comes_back(text):
    expected = text.removeprefix("\ufeff")  # the mark of the encoding is no letter of the text
    assert decode(text.encode(), "a.txt", None)[0] == expected


def test_an_encoding_that_is_given_decides():
    assert decode("déjà".encode("cp1252"), "a.txt", "cp1252")[0] == "déjà"
    assert decode("\ufeffa".encode(), "a.txt", "utf-8")[0] == "a"


def test_undecodable_bytes_are_named_with_their_offset(refused):
    with refused(DataError, "'a.csv'", "UTF-8", "9", "e9 20 61 75", "GB18030"):
        decode(b"x,y\n1,caf\xe9 au lait\n", "a.csv", None)
    with refused(DataError, "UTF-16", "4"):
        decode(b"a\0b\0c", "a.csv", "utf-16-le")


def test_damaged_utf8_is_not_read_as_other_letters(refused):
    data = ("好" * 40).encode() + b"\xc4\xe3" + ("坏" * 40).encode()
    assert data.decode("gb18030")  # it would be, wrongly
    with refused(DataError, "UTF-8", "120", "c4 e3"):
        decode(data, "a.txt", None)


def test_nul_bytes_are_no_text(refused):
    with refused(DataError, "NUL", "5", en=["not a text file"], zh=["不是文本文件"]):
        decode(b"a,b\n1\0,2\n", "a.csv", None)
    with refused(DataError, "utf-16-le"):
        decode("plain".encode("utf-16-le"), "a.csv", None)


def test_gz_of_several_members_cut_off_and_bombs(tmp_path, refused):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert read_text(path) == ("one two", "utf-8")
    path.write_bytes(gzip.compress(b"one two three" * 50)[:-9])
    with refused(DataError, str(path), en=["cut off"], zh=["不完整"]):
        read_text(path)
    path.write_bytes(b"no gz")
    with refused(DataError, str(path)):
        read_text(path)
    path.write_bytes(gzip.compress(bytes(1 << 27)))
    with refused(DataError, str(path), INFLATION):
        read_text(path)


def test_a_missing_file(tmp_path, refused):
    with refused(FolderError, "none.txt"):
        read_text(tmp_path / "none.txt")
