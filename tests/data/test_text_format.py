"""Text as tokens: encoding, decoding, padding, windows, new texts, and the way through JSON."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.data.formats import format_from_json, format_to_json
from trainwell.data.formats.text import RawTexts, TextFormat
from trainwell.data.raw import Options
from trainwell.data.text import fit
from trainwell.data.text.fit import fit_stream, fit_texts
from trainwell.data.text.tokens import END, PAD, UNKNOWN, chinese_share, shortened
from trainwell.errors import DataError, FolderError, UnknownNameError

ENGLISH = [f"The film number {i} was {word}, said the critic." for i in range(30) for word in ("good", "bad", "Odd")]
CHINESE = [f"这部电影很{word}，第{i}次看了。" for i in range(30) for word in "好坏妙"]


def fitted(texts, **options):
    return fit_texts((), RawTexts(texts), Options(**options)).format


def stream(texts, **options):
    return fit_stream((), RawTexts(texts), Options(**options)).format


@pytest.mark.parametrize(("texts", "tokens"), [(ENGLISH, "words"), (CHINESE, "characters")])
def test_the_rule_for_tokens_and_length(texts, tokens):
    made = fitted(texts)
    x = made.encode(RawTexts(texts))
    assert (made.tokens, x.dtype, x.shape) == (tokens, np.int32, (90, made.length))
    lengths = (x != PAD).sum(axis=1)
    assert lengths.max() == made.length  # nearly all texts are of one length, so the percentile is the longest
    assert x.max() < made.vocabulary_size
    assert 0.9 < chinese_share(CHINESE) <= 1
    assert chinese_share(ENGLISH) == 0


def test_padding_stands_behind_and_long_texts_lose_their_end():
    made = fitted(CHINESE, max_length=6)
    short, long = made.encode(["很好", CHINESE[0]])
    assert short.tolist()[2:] == [PAD] * 4
    assert made.decode(short) == "很好"
    assert made.decode(long) == CHINESE[0][:6]


def test_an_empty_text_is_one_unknown_token():
    for made in (fitted(CHINESE), fitted(ENGLISH), fitted(ENGLISH, tokens="words")):
        assert made.encode([""])[0].tolist() == [UNKNOWN, *[PAD] * (made.length - 1)]
        assert made.encode(RawTexts([])).shape == (0, made.length)


def test_case_and_wide_forms_are_one_for_classification_and_kept_for_continuing():
    assert fitted(ENGLISH).decode(fitted(ENGLISH).encode(["THE ＦＩＬＭ"])[0]) == "the film"
    assert stream(["The film. " * 99]).decode(stream(["The film. " * 99]).encode_stream("The")) == "The"


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=40))
def test_byte_pairs_give_any_text_back(text):
    assert BYTE_PAIRS.decode(BYTE_PAIRS.encode_stream(text)) == text


BYTE_PAIRS = stream(["\n".join(ENGLISH)], tokens="byte_pair")


def test_special_tokens_written_in_a_text_are_text():
    ids = BYTE_PAIRS.encode_stream("a [PAD] b [END]")
    assert not np.isin(ids, (PAD, UNKNOWN, END)).any()
    made = fitted(CHINESE)
    assert not (made.encode(["好[PAD]好"])[0][:7] == PAD).any()


def test_words():
    made = fitted(ENGLISH, tokens="words")
    ids = made.encode(["the Film xylophone, good"])[0]
    assert ids[2] == UNKNOWN
    assert made.decode(ids) == "the film [UNK] , good"
    assert [made.token_text(int(i)) for i in ids[:3]] == ["the", "film", "[UNK]"]


def test_tokens_as_a_person_reads_them():
    made = stream(["a b\n好" * 50])
    ids = made.encode_stream("a b\n好?")
    assert [made.token_text(int(i)) for i in ids] == ["a", "␣", "b", "⏎", "好", "[UNK]"]
    piece = BYTE_PAIRS.encode_stream("好")  # three bytes, none of them a letter
    assert len(piece) == 3
    assert all(BYTE_PAIRS.token_text(int(i)) for i in piece)
    film = fitted(ENGLISH)
    assert "film" in [film.token_text(int(i)) for i in film.encode([ENGLISH[0]])[0]]


@pytest.mark.parametrize("tokens", ["byte_pair", "characters", "words"])
def test_through_json_and_back(tokens):
    made = fitted(ENGLISH, tokens=tokens)
    kept = json.loads(json.dumps(format_to_json(made)))
    again = format_from_json(kept)
    assert isinstance(kept["tokenizer"], dict)
    assert isinstance(again, TextFormat)
    np.testing.assert_array_equal(again.encode(ENGLISH), made.encode(ENGLISH))
    assert again.vocabulary_size == made.vocabulary_size
    assert again.show(again.encode(ENGLISH)[0]) == made.show(made.encode(ENGLISH)[0])


@pytest.mark.parametrize("change", [{"tokens": "syllables"}, {"tokenizer": {"model": 5}}, {"length": "long"}])
def test_a_damaged_description_is_refused(change):
    with pytest.raises(FolderError):
        format_from_json({**format_to_json(fitted(ENGLISH)), **change})


def test_the_same_texts_give_the_same_tokenizer():
    assert format_to_json(fitted(ENGLISH)) == format_to_json(fitted(ENGLISH))


def test_byte_pairs_where_there_is_much_text_or_no_blank_parts_the_words(monkeypatch):
    thai = [text.replace(" ", "") for text in ENGLISH]
    assert fitted(thai).tokens == "byte_pair"
    monkeypatch.setattr(fit, "WORDS_UP_TO", sum(map(len, ENGLISH)) - 1)
    assert fitted(ENGLISH).tokens == "byte_pair"


def test_the_vocabulary_is_bounded_and_of_the_training_part_only():
    assert fitted(ENGLISH, vocabulary=300, tokens="byte_pair").vocabulary_size == 300
    made = fitted(CHINESE, vocabulary=10)
    assert made.vocabulary_size == 10
    assert made.encode(["龘"])[0][0] == UNKNOWN


@pytest.mark.parametrize("texts", [["好好好", "好"], ["a a a", "a"]])
def test_a_vocabulary_of_one_is_refused(texts, refused):
    with refused(DataError, en=["nothing to learn"], zh=["无从学习"]):
        fitted(texts, tokens="characters" if "好" in texts[0] else "words")
    with refused(DataError):
        stream(["aaaa"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abc \n", min_size=1, max_size=60), min_size=1, max_size=6), st.integers(1, 9))
def test_windows_cover_the_stream_once_and_share_one_token(texts, length):
    made = stream(["abc \n" * 30], max_length=length)
    whole = [
        token for text in texts for token in [*made.encode_stream(text).tolist(), END][: None if len(texts) > 1 else -1]
    ]
    if len(whole) <= length:
        with pytest.raises(DataError):
            made.encode(texts)
        return
    windows = made.encode(texts)
    assert windows.shape == ((len(whole) - 1) // length, length + 1)
    joined = [*windows[0].tolist(), *(token for window in windows[1:] for token in window[1:].tolist())]
    assert joined == whole[: len(joined)]
    assert len(whole) - len(joined) < length
    assert not (windows == PAD).any()


def test_a_part_shorter_than_a_window(refused):
    made = stream(["abc def " * 40], max_length=50)
    with refused(DataError, "5", "51", "max_length=4", en=["tokens"], zh=["词元"]):
        made.encode(["abc d"])
    assert made.encode(RawTexts([])).shape == (0, 51)


def test_windows_are_shorter_for_short_texts():
    assert stream(["abc def " * 40]).length == 8
    assert stream(["abc def " * 4000]).length == 64
    assert stream(["abc def " * 4000], tokens="byte_pair").length == 64


@pytest.fixture
def made():
    return TextFormat("characters", fitted(CHINESE).tokenizer, 8, ("review",))


def test_new_texts_from_wherever_they_stand(made, tmp_path):
    one = made.read("很好看")
    assert (one.names, one.x.shape, one.shown) == (("#0",), (1, 8), ("很好看",))
    assert made.read(["很好", "坏"]).names == ("#0", "#1")
    (tmp_path / "a.txt").write_bytes("很好".encode("gb18030"))
    assert made.read(str(tmp_path / "a.txt")).shown == ("很好",)
    (tmp_path / "b.txt").write_text("坏", encoding="utf-8")
    folder = made.read(tmp_path)
    assert (folder.names, folder.shown) == (("a.txt", "b.txt"), ("很好", "坏"))
    for name, content in (
        ("with.csv", "label,review\n1,很好\n0,坏\n"),
        ("without.csv", "review\n很好\n坏\n"),
        ("other.csv", "意见\n很好\n坏\n"),
        ("a.jsonl", '{"review": "很好"}\n{"review": "坏"}\n'),
        ("a.tsv", "id\treview\n7\t很好\n8\t坏\n"),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        samples = made.read(tmp_path / name)
        assert samples.shown == ("很好", "坏"), name
        assert samples.names[0].startswith(name)


def test_what_is_no_text_is_refused(made, tmp_path, refused):
    (tmp_path / "a.csv").write_text("label,reviews\n1,好\n", encoding="utf-8")
    with refused(UnknownNameError, "'review'", "reviews"):
        made.read(tmp_path / "a.csv")
    with refused(FolderError, "none.csv"):
        made.read("none.csv")
    with refused(DataError, "list"):
        made.read([1, 2])
    (tmp_path / "empty").mkdir()
    with refused(FolderError, "empty"):
        made.read(tmp_path / "empty")


def test_empty_and_unknown_texts_are_said(made, refused):
    samples = made.read(["很好", " ", "龘龘"])
    assert [note.severity for note in samples.notes] == ["info", "warning"]
    assert "#1" in samples.notes[1].text.en
    with refused(DataError, "#1"):
        made.read(["很好", " "], strict=True)
    (note,) = stream(["abc " * 50]).unknown_notes(["abX"])
    assert "1 of 3 tokens (X)" in note.text.en


@given(st.text(max_size=200), st.integers(4, 40))
def test_shortened_fits(text, columns):
    short = shortened(text, columns)
    assert "\n" not in short
    assert len(short) <= columns
