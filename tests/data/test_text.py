"""Texts loaded from tables, folders and plain files."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from trainwell.data import load
from trainwell.errors import DataError, SettingError, UnknownNameError

SHARED = Path(__file__).parents[3] / "shared" / "data"


def review(i):
    return f"this is review number {i} of a {'good' if i % 2 else 'bad'} film"


def rows(count, start=0):
    return "".join(f"{i % 2},{review(i)}\n" for i in range(start, start + count))


@pytest.fixture
def written(tmp_path):
    def make(content, name="reviews.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def test_columns_are_found_and_said(written, said):
    data = load(written("when,label,review\n" + "".join(f"2020-01-01,{row}\n" for row in rows(40).splitlines())))
    assert (data.kind, data.task, data.class_names, data.name) == ("text", "binary", ("0", "1"), "reviews")
    assert data.train.x.dtype == np.int32
    assert data.train.names[0].startswith("reviews.csv:")
    assert data.scaling.mean == (0.0,)
    assert "column review; to predict: column label; not used: when" in said(data)[0]
    line = int(data.train.names[0].split(":")[1])
    assert data.format.show(data.train.x[0]) == review(line - 2).replace(str(line - 2), "[UNK]")  # it was there once
    assert data.train.y[0] == (line - 2) % 2


def test_columns_that_are_asked_for(written, refused):
    path = written("a,b,c\n" + "".join(f"good film {i},it is {i},{'xy'[i % 2]}\n" for i in range(30)))
    data = load(path, text=["a", "b"], target="c")
    assert data.class_names == ("x", "y")
    assert data.format.columns == ("a", "b")
    assert "⏎" in [data.format.token_text(int(t)) for t in data.train.x[0]]
    with refused(UnknownNameError, "'d'", "a"):
        load(path, text="d", target="c")
    with refused(DataError, "'a'", en=["both"], zh=["既是"]):
        load(path, text="a", target="a")


def test_a_label_that_looks_like_an_id(written, refused):
    path = written("code,review\n" + "".join(f"{i * 7},{review(i)}\n" for i in range(40)))
    with refused(DataError, "'code'", 40, "regression", en=["like an id"], zh=["像是编号"]):
        load(path, target="code")
    assert load(path, target="code", task="regression").task == "regression"
    with refused(DataError, "language_model", en=["looks like a label"], zh=["像标签"]):
        load(written("review\n" + "".join(review(i) + "\n" for i in range(40)), "b.csv"))


def test_empty_texts_missing_labels_and_repeats(written, said, refused):
    path = written("label,review\n1,\n" + rows(30) + f",{review(3)} too\n0,{review(0)}\n1,{review(0)}\n1, \n")
    data = load(path)
    text, warned = said(data)
    assert sum(map(len, data.parts)) == 31
    assert "2 rows with empty text left out, the first in line 2" in text
    assert "1 row with no label left out, the first in line 33" in text
    assert "1 row that repeat" in text
    assert "1 text occur again with another label" in text
    assert len(warned) == 3
    with refused(DataError, 2, en=["empty text"], zh=["文本为空"]):
        load(path, strict=True)


def test_rows_sorted_by_label_are_said(written, said):
    lines = sorted(rows(40).splitlines())
    assert "sorted by label" in said(load(written("label,review\n" + "\n".join(lines))))[0]
    assert "sorted by label" not in said(load(written("label,review\n" + rows(40))))[0]


def test_class_names_beside_the_file(written, said):
    path = written("".join(f'"{i % 3 + 1}","{review(i)}"\n' for i in range(60)), "set/news.csv")
    written("World\nSport\nArts\n", "set/classes.txt")
    data = load(path)
    assert data.class_names == ("World", "Sport", "Arts")
    assert "classes.txt" in said(data)[0]
    line = int(data.train.names[0].split(":")[1])
    assert data.train.y[0] == (line - 1) % 3
    written("World\nSport\n", "set/classes.txt")
    assert load(path).class_names == ("1", "2", "3")


def test_several_labels_and_numbers(written):
    cells = ["red|big", "red", "big;red", "big"]
    path = written("tags,review\n" + "".join(f"{cells[i % 4]},{review(i)}\n" for i in range(40)))
    data = load(path, task="multilabel")
    assert (data.task, data.class_names, data.train.y.dtype) == ("multilabel", ("big", "red"), np.float32)
    cell = cells[(int(data.train.names[0].split(":")[1]) - 2) % 4]
    assert data.train.y[0].tolist() == ["big" in cell, "red" in cell]
    assert "big" in data.summary("en")
    both = written("red,big,review\n" + "".join(f"{i % 2},{i // 2 % 2},{review(i)}\n" for i in range(40)), "two.csv")
    data = load(both, target=["red", "big"])
    assert (data.task, data.class_names) == ("multilabel", ("red", "big"))
    numbers = written("stars,review\n" + "".join(f"{i % 7 + 0.5},{review(i)}\n" for i in range(40)), "stars.csv")
    data = load(numbers)
    assert (data.task, data.target_names) == ("regression", ("stars",))


def test_own_parts_keep_their_columns_and_classes(written, said):
    written("label,review\n" + rows(40), "set/train.csv")
    written("review,label\n" + "".join(f"{review(i)} again,{i % 2}\n" for i in range(9)), "set/test.csv")
    data = load(written(gzip.compress(b"label,review\n" + rows(6, 90).encode()), "set/valid.csv.gz").parent)
    assert [len(part) for part in data.parts] == [40, 6, 9]
    assert data.name == "set"
    assert data.test.y.tolist() == [i % 2 for i in range(9)]
    assert "vocabulary" in said(data)[0]


def test_own_test_part_with_labels_from_one_and_the_last_class_absent(written):
    written("".join(f'"{i % 3 + 1}","{review(i)}"\n' for i in range(60)), "set/train.csv")
    written("".join(f'"{i % 2 + 1}","{review(i)} again"\n' for i in range(8)), "set/test.csv")
    data = load(written("A\nB\nC\n", "set/classes.txt").parent)
    assert data.test.y.tolist() == [i % 2 for i in range(8)]


def test_a_folder_per_class(written, said, refused, tmp_path):
    for i in range(20):
        written(review(i), f"set/{'good' if i % 2 else 'bad'}/{i}.txt")
    written("", "set/bad/empty.txt")
    written("x", "set/bad/other.md")
    data = load(tmp_path / "set")
    assert (data.kind, data.class_names) == ("text", ("bad", "good"))
    assert sum(map(len, data.parts)) == 20
    text, _ = said(data)
    assert "1 empty text left out, the first: bad/empty.txt" in text
    assert "1 other file" in text
    assert data.train.names[0].endswith(".txt")
    with refused(DataError, "bad/empty.txt"):
        load(tmp_path / "set", strict=True)


def test_a_folder_with_train_and_test(written, tmp_path):
    for part, count in (("train", 20), ("test", 6)):
        for i in range(count):
            written(f"{review(i)} {part}", f"set/{part}/{'good' if i % 2 else 'bad'}/{i}.txt")
    assert [len(part) for part in load(tmp_path / "set", validation=0.2).parts] == [16, 4, 6]


POEM = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n"


def test_a_plain_file_is_to_be_continued_in_order(written, said):
    text = "".join(f"{i} {POEM}" for i in range(200))
    data = load(written(text.replace("\n", "\r\n"), "poem.txt"), max_length=20)
    assert (data.kind, data.task, data.name, data.outputs) == ("text", "language_model", "poem", data.vocabulary_size)
    assert data.train.x.shape == data.train.y.shape
    np.testing.assert_array_equal(data.train.x[:, 1:], data.train.y[:, :-1])
    first = data.format.decode(data.train.x.reshape(-1)[:200])
    assert "\r" not in text
    assert first[:20] == text[:20]
    assert data.format.decode(data.test.x[0]) in text[len(text) * 8 // 10 - 1 :]
    assert "in order, not at random" in said(data)[0]
    assert "nats" in data.summary("en")
    assert "奈特" in data.summary("zh")


def test_rows_to_be_continued_end_with_the_end_token(written):
    path = written("title,poem\n" + "".join(f"t{i},poem number {i} is a short one\n" for i in range(300)))
    data = load(path, task="language_model", validation=0)
    assert len(data.validation) == 0
    assert data.format.columns == ("poem",)
    stream = data.format.decode(data.test.x.reshape(-1))
    assert stream.startswith("poem number 240 is a short one\npoem number 241")


def test_what_cannot_be_continued(written, refused):
    with refused(SettingError, "language_model"):
        load(written(POEM * 50, "a.txt"), task="regression")
    with refused(SettingError, "test=0"):
        load(written(POEM * 50, "a.txt"), test=0)
    with refused(DataError, "a.txt", en=["no text"], zh=["没有文本"]):
        load(written(" \n", "a.txt"))
    with refused(DataError, en=["a window needs"], zh=["一个窗口需要"]):
        load(written(POEM * 50, "a.txt"), max_length=900)
    with refused(DataError, "a.txt", "NUL"):
        load(written(b"a\0b" * 50, "a.txt"))


def test_loading_twice_gives_the_same(written):
    path = written("label,review\n" + rows(60))
    assert load(path).fingerprint == load(path).fingerprint
    assert load(path).fingerprint != load(path, seed=1).fingerprint


@pytest.mark.parametrize(
    ("name", "samples", "classes", "tokens"),
    [
        ("sms_spam/sms.tsv", 5574 - 403, ("ham", "spam"), "words"),
        ("waimai_10k/waimai_10k.csv", 11987, ("0", "1"), "characters"),
        ("ag_news_7600/ag_news_test.csv", 7600, ("World", "Sports", "Business", "Sci/Tech"), "words"),
    ],
)
def test_real_sets(name, samples, classes, tokens):
    """Counts are those of the README beside each set."""
    if not (SHARED / name).exists():
        pytest.skip(f"{name} is not at hand")
    data = load(SHARED / name)
    assert (sum(map(len, data.parts)), data.class_names, data.format.tokens) == (samples, classes, tokens)


def test_tinyshakespeare():
    """1,115,394 characters, 65 different ones, as the README beside it says; three tokens more are special."""
    if not (SHARED / "tinyshakespeare").exists():
        pytest.skip("tinyshakespeare is not at hand")
    data = load(SHARED / "tinyshakespeare" / "input.txt", validation=0.1, test=0.1)
    assert data.vocabulary_size == 65 + 3
    assert abs(sum(part.x.size for part in data.parts) - 1_115_394) < 3 * 129
