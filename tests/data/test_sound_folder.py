import numpy as np
import pytest
import soundfile

from trainwell.data import load
from trainwell.data.formats.audio import AudioFormat
from trainwell.data.kinds.sound_folder import recognises
from trainwell.errors import DataError, FolderError, SettingError, UnknownNameError

RATE = 8000


@pytest.fixture
def sounds(tmp_path):
    """Write {name: seconds} of seeded noise below a folder and return it."""

    def make(files, rate=RATE, where="set"):
        for number, (name, seconds) in enumerate(files.items()):
            path = tmp_path / where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng([number, len(files)]).uniform(-0.5, 0.5, round(seconds * rate))
            soundfile.write(path, noise, rate)
        return tmp_path / where

    return make


def of_classes(*folders, count=5, seconds=0.25):
    return {f"{folder}/{k}.wav": seconds for folder in folders for k in range(count)}


def test_class_folders_with_names_and_samples(sounds, said):
    root = sounds({**of_classes("yes10", "yes2", count=10), "yes2/deep/6.flac": 0.25})
    data = load(root)
    assert (data.name, data.kind, data.task, data.class_names) == ("set", "audio", "binary", ("yes2", "yes10"))
    assert (data.input_shape, data.train.x.dtype) == ((2000,), np.int16)
    assert data.format == AudioFormat(RATE, 2000)
    assert (data.scaling.mean, data.scaling.std) == ((0.0,), (1.0,))
    assert sum(map(len, data.parts)) == 21
    for part in data.parts:
        for x, y, name in zip(part.x, part.y, part.names, strict=True):
            assert name.startswith(data.class_names[y] + "/")
            np.testing.assert_array_equal(x, soundfile.read(root / name, dtype="int16")[0])
    assert "Sound at 8,000 samples per second (the commonest, at most 16,000); files: 8,000 Hz (21)." in said(data)[0]
    assert said(data)[1] == []


def test_train_and_test_folders_are_kept(sounds, said):
    root = sounds(of_classes("train/a", "train/b", "test/a", "test/b", "unlabelled"))
    data = load(root, validation=0)
    assert [len(p) for p in data.parts] == [10, 0, 10]
    assert {name.split("/")[0] for name in data.test.names} == {"test"}
    assert "not read: unlabelled" in said(data)[0]


@pytest.mark.parametrize("inner", ["", "recordings/"])
def test_file_names_that_begin_with_the_class(sounds, said, inner):
    files = {f"{inner}{digit}_{who}_{k}.wav": 0.2 for digit in (7, 10) for who in ("ann", "bob") for k in range(5)}
    root = sounds(files)
    data = load(root, test_names="*_[0-1].wav", validation=0)
    assert data.class_names == ("7", "10")
    assert [len(p) for p in data.parts] == [12, 0, 8]
    assert all(name[-5] in "01" for name in data.test.names)
    assert data.test.names[0].count("/") == 0
    assert "7_ann_0.wav is of class '7'. 2 classes: 7, 10." in said(data)[0]


def test_file_names_in_train_and_test_folders(sounds):
    files = {
        f"{part}/{c}-{k}.wav": 0.2 for part, count in (("train", 4), ("test", 1)) for c in "ab" for k in range(count)
    }
    data = load(sounds(files), validation=0)
    assert [len(p) for p in data.parts] == [8, 0, 2]


@pytest.mark.parametrize("names", ["a_1 a_2 a_3", "a_1 a_2 a_3 b_1 b_2", "one two three four", "_1 _2 _3 a_1 a_2 a_3"])
def test_file_names_that_say_no_class(sounds, refused, names):
    root = sounds({f"{name}.wav": 0.2 for name in names.split()})
    with refused(FolderError, str(root), "metadata.csv", en=["nothing says the classes"], zh=["无法确定"]):
        load(root)


@pytest.mark.parametrize(
    ("table", "content"),
    [
        ("metadata.csv", "file,label\n{}"),
        ("labels.csv", "name,speaker,category\n{}"),
        ("metadata.tsv", "path\tlabel\n{}"),
        ("labels.tsv", "录音\t标签\n{}"),
    ],
)
@pytest.mark.parametrize("spelled", ["audio/{}.wav", "{}.wav", "{}", "./audio/{}.wav"])
def test_a_table_beside_the_files(sounds, said, table, content, spelled):
    root = sounds({f"audio/r{k}.wav": 0.2 for k in range(24)})
    labels = {f"r{k}": ("ja", "nein", "so so")[k % 3] for k in range(23)}
    comma = "\t" if table.endswith("tsv") else ","
    middle = ["ann"] if "speaker" in content else []
    rows = "\n".join(comma.join([spelled.format(name), *middle, label]) for name, label in labels.items())
    (root / table).write_text(content.format(rows), encoding="utf-8")
    data = load(root)
    assert data.class_names == ("ja", "nein", "so so")
    assert sum(map(len, data.parts)) == 23
    for part in data.parts:
        for y, name in zip(part.y, part.names, strict=True):
            assert labels[name.removeprefix("audio/").removesuffix(".wav")] == data.class_names[y]
    assert f"1 sound file that {table} does not name was left out" in said(data)[0]


def test_a_table_with_numbers_is_a_regression_and_gaps_are_left_out(sounds, said):
    root = sounds({f"r{k}.wav": 0.2 for k in range(20)})
    rows = [f"r{k}.wav,{k + 0.25 if k != 3 else ''},{k % 2}" for k in range(20)]
    (root / "metadata.csv").write_text("\n".join(["file,age,sex", *rows]))
    data = load(root, target="age")
    assert (data.task, sum(map(len, data.parts))) == ("regression", 19)
    assert [w.en for w in said(data)[1]] == ["1 recording without a label was left out."]


def test_a_table_that_does_not_fit(sounds, refused):
    root = sounds({f"r{k}.wav": 0.2 for k in range(9)})
    table = root / "metadata.csv"
    rows = [f"r{k}.wav,{'ab'[k % 2]},x{k}" for k in range(10)]
    table.write_text("\n".join(["file,one,two", *rows[:9]]))
    with refused(DataError, "one, two"[:3], en=["give target="], zh=["target="]):
        load(root)
    with refused(UnknownNameError, "thre"):
        load(root, target="thre")
    table.write_text("\n".join(["file,label,two", *rows]))
    with refused(DataError, "r9.wav", en=["line 11"], zh=["第 11 行"]):
        load(root)
    table.write_text("\n".join(["file,label,two", *(row.replace("r", "q") for row in rows)]))
    with refused(DataError, str(table), "file, label"[:4], en=["no column"], zh=["没有哪一列"]):
        load(root)


def test_the_commonest_rate_up_to_16000(sounds, said):
    root = sounds(of_classes("a", "b"), rate=44_100)
    sounds({"a/x.wav": 0.25, "b/x.wav": 0.25}, rate=8000)
    data = load(root)
    assert data.format.sample_rate == 16_000
    assert data.input_shape == (4000,)
    assert "files: 44,100 Hz (10), 8,000 Hz (2)" in said(data)[0]
    data = load(root, sample_rate=11_025)
    assert data.format == AudioFormat(11_025, round(0.25 * 11_025))
    assert "as asked for" in said(data)[0]


def test_the_length_is_the_99th_percentile_rounded_up(sounds, said):
    files = {f"{c}/{k}.wav": 0.31 for c in "ab" for k in range(100)}
    files["a/0.wav"] = 2.0
    root = sounds(files)
    data = load(root, validation=0, test_names="*9.wav")
    assert data.input_shape == (round(0.4 * RATE),)
    assert "1 of 180 training recordings are longer" in said(data)[0]
    longest = next(x for x, name in zip(data.train.x, data.train.names, strict=True) if name == "a/0.wav")
    np.testing.assert_array_equal(longest, soundfile.read(root / "a/0.wav", dtype="int16")[0][:3200])


@pytest.mark.parametrize(("limit", "samples"), [(0.1, 800), (0.05, 400), (7, 2000)])
def test_seconds_asked_for(sounds, limit, samples):
    assert load(sounds(of_classes("a", "b")), max_seconds=limit).input_shape == (samples,)


def test_a_ten_minute_recording_is_cut_and_said(sounds, said):
    root = sounds({**of_classes("a", "b", count=3), "a/long.wav": 600.0, "b/long.wav": 599.0})
    data = load(root, max_seconds=2.5, test_names="0.wav", validation=0)
    assert data.input_shape == (2.5 * RATE,)
    assert "the limit that was given" in said(data)[0]
    data = load(root, test_names="0.wav", validation=0)
    assert data.input_shape == (30 * RATE,)
    assert "2 of 6 training recordings are longer and lose their end" in said(data)[1][0].en
    assert "请指定 max_seconds" in said(data)[1][0].zh


def test_damaged_files_are_named_or_refused_when_strict(sounds, said, refused):
    root = sounds(of_classes("a", "b"))
    for name, share in (("a/1.wav", 0.5), ("b/3.wav", 0.001)):
        content = (root / name).read_bytes()
        (root / name).write_bytes(content[: int(len(content) * share)])
    data = load(root)
    assert sum(map(len, data.parts)) == 8
    assert "2 damaged sound files were skipped: a/1.wav, b/3.wav." in said(data)[1][0].en
    assert "跳过了 2 个损坏的声音文件：a/1.wav" in said(data)[1][0].zh
    with refused(DataError, "1.wav", en=["cut off"], zh=["不完整"]):
        load(root, strict=True)
    for k in range(5):
        (root / "b" / f"{k}.wav").write_bytes(b"")
    with refused(DataError, "'b'", str(root), en=["every sound file"], zh=["全部损坏"]):
        load(root)


def test_silence_is_said_and_all_silence_refused(sounds, said, refused):
    root = sounds(of_classes("a", "b"))
    soundfile.write(root / "a" / "2.wav", np.zeros(800), RATE)
    assert "1 of 10 recordings is silent" in said(load(root))[1][0].en
    for path in root.rglob("*.wav"):
        soundfile.write(path, np.full(800, 0.1), RATE)
    with refused(DataError, "a/0.wav", en=["all 10 recordings are silent"], zh=["全部 10 个录音都是静音"]):
        load(root)


def test_bad_input_is_refused_before_anything_is_decoded(sounds, refused):
    def never(done, total):
        raise AssertionError(f"decoded {done} of {total}")

    root = sounds(of_classes("a", "b"))
    (root / "b" / "4.wav").write_text("no sound", encoding="utf-8")
    with refused(DataError, str(root / "b" / "4.wav"), en=["not sound"], zh=["不是声音"]):
        load(root, progress=never)
    (root / "c").mkdir()
    with refused(DataError, str(root / "c"), en=["no sound file"], zh=["没有声音文件"]):
        load(root, progress=never)


def test_progress_counts_every_file(sounds):
    seen = []
    load(sounds(of_classes("a", "b")), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 10) for i in range(1, 11)]


def test_what_is_a_folder_of_sound(sounds, folder_of, tmp_path):
    assert recognises(sounds(of_classes("a", "b")))
    assert recognises(str(sounds({"x_1.mp3": 0.1}, where="flat")))
    assert not recognises(folder_of({"a": 2, "b": 2}, where="pictures"))
    (tmp_path / "pictures" / "a" / "one.wav").write_bytes(b"")
    assert not recognises(tmp_path / "pictures")
    for name in ("0.txt", "1.txt"):
        (tmp_path / "flat" / name).write_text("what is said")
    assert not recognises(tmp_path / "flat")
    assert not recognises(tmp_path / "nowhere")
    assert not recognises(np.zeros(3))


def test_transcripts_beside_recordings_do_not_make_them_texts(sounds):
    root = sounds(of_classes("a", "b"))
    for path in root.rglob("*.wav"):
        path.with_suffix(".txt").write_text("what is said")
    assert load(root).kind == "audio"


def test_another_kind_asked_for(sounds, folder_of, refused):
    with refused(SettingError, "'table'", "'audio'", en=["holds sound files"], zh=["中是声音文件"]):
        load(sounds(of_classes("a", "b")), kind="table")
    with refused(SettingError, "'audio'", "'image'", en=["holds images"], zh=["中是图像"]):
        load(folder_of({"a": 5, "b": 5}, where="pictures"), kind="audio")
    assert load(sounds({}), kind="audio").kind == "audio"


def test_twice_loaded_is_the_same(sounds):
    root = sounds(of_classes("a", "b"), rate=44_100)
    first, again = load(root), load(root)
    assert first.fingerprint == again.fingerprint
    assert first.train.names == again.train.names
