import json
import zipfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainwell.data import decode, load
from trainwell.data.files import pixel_store
from trainwell.data.files.pixel_store import Pictures, empty_pixels
from trainwell.data.formats import format_from_json, format_to_json
from trainwell.data.formats.image import ImageFormat
from trainwell.errors import DataError, FolderError

FORM = ImageFormat(6, 8, 3)
sides = st.integers(1, 5000)


@given(sides, sides, st.sampled_from([1, 3]))
def test_json_round_trip(height, width, channels):
    form = ImageFormat(height, width, channels)
    assert format_from_json(json.loads(json.dumps(format_to_json(form)))) == form


def test_json_of_no_format(refused):
    with refused(FolderError):
        format_from_json({"kind": "image", "height": 3, "width": 0, "channels": 1})


def test_a_folder_hands_over_the_format_that_reads_its_files_the_same(folder_of):
    root = folder_of({"a": 8, "b": 8}, width=31, height=17)
    data = load(root, image_size=(6, 8))
    assert data.format == FORM
    samples = data.format.read(root)
    by_name = {str(root / name): x for part in data.parts for name, x in zip(part.names, part.x, strict=True)}
    assert set(samples.names) == set(by_name)
    for name, x in zip(samples.names, samples.x, strict=True):
        np.testing.assert_array_equal(x, by_name[name])


def test_one_file_a_folder_and_a_zip(folder_of, tmp_path):
    root = folder_of({"a": 3}, width=20, height=10)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as file:
        for path in root.rglob("*.png"):
            file.write(path, f"set/{path.relative_to(root)}")
    folder, archive, one = FORM.read(root), FORM.read(tmp_path / "set.zip"), FORM.read(str(root / "a" / "img1.png"))
    assert folder.names == tuple(str(root / "a" / f"img{k}.png") for k in range(3))
    assert archive.names == tuple(str(tmp_path / "set.zip" / "set" / "a" / f"img{k}.png") for k in range(3))
    np.testing.assert_array_equal(archive.x, folder.x)
    np.testing.assert_array_equal(one.x, folder.x[1:2])
    np.testing.assert_array_equal(one.x[0], decode(root / "a" / "img1.png", (6, 8), 3))
    assert FORM.show(one.x[0]) == "6 × 8"


def test_arrays_and_their_files(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (4, 6, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "x.npz", y=np.zeros(4), data=x)
    for source in (x, x.tolist(), tmp_path / "x.npy", tmp_path / "x.npz"):
        samples = FORM.read(source)
        np.testing.assert_array_equal(samples.x, x)
        assert samples.names == ("#0", "#1", "#2", "#3")
    assert ImageFormat(6, 8, 1).read(x[..., 0]).x.shape == (4, 6, 8, 1)  # grey as keras.datasets.mnist has it
    np.testing.assert_array_equal(FORM.encode(x), x)


def test_what_cannot_be_read(tmp_path, refused):
    with refused(FolderError, "nowhere", en=["nothing to predict"], zh=["没有可预测"]):
        FORM.read("nowhere")
    with refused(DataError, "(0,)"):
        FORM.read([])
    with refused(DataError, "(1,)", en=["at least one"]):
        FORM.read(np.array(["text"]))
    np.savez(tmp_path / "x.npz", other=np.zeros(3))
    with refused(DataError, "x.npz", en=["no array named"], zh=["没有名为"]):
        FORM.read(tmp_path / "x.npz")
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "t.npz").write_bytes(b"PK\x03\x04 broken")
    for name in ("o.npy", "t.npz"):
        with refused(DataError, name, en=["not a NumPy file"], zh=["不是存放数值"]):
            FORM.read(tmp_path / name)


def test_damaged_files_are_skipped_unless_strict_or_alone(folder_of, refused):
    root = folder_of({"a": 3}, suffix=".jpg", width=40, height=40)
    victim = root / "a" / "img1.jpg"
    victim.write_bytes(victim.read_bytes()[:300])
    samples = FORM.read(root)
    assert [name[-5] for name in samples.names] == ["0", "2"]
    assert samples.x.shape == (2, 6, 8, 3)
    assert "img1.jpg" in samples.notes[0].text.en
    for source, strict in ((victim, False), (root, True)):
        with refused(DataError, str(victim), en=["damaged"]):
            FORM.read(source, strict=strict)
    for path in root.rglob("*.jpg"):
        path.write_bytes(victim.read_bytes())
    with refused(DataError, str(root), en=["no image could be read"], zh=["没有可读取的图像"]):
        FORM.read(root)


def test_pictures_too_many_for_the_memory_lie_on_disk_and_are_the_same(folder_of, monkeypatch, said):
    root = folder_of({"train/a": 12, "train/b": 12, "test/a": 3, "test/b": 3})
    in_memory = load(root)
    monkeypatch.setattr(pixel_store, "MEMORY_SHARE", 0.0)
    monkeypatch.setattr(pixel_store, "_BLOCK", 1000)  # three pictures at once
    on_disk = load(root)
    for part in on_disk.parts:
        assert isinstance(part.x, np.memmap)
    assert not isinstance(in_memory.train.x, np.memmap)
    assert on_disk.fingerprint == in_memory.fingerprint
    assert on_disk.scaling == in_memory.scaling
    assert "lie in a temporary file" in said(on_disk)[0]
    assert "temporary file" not in said(in_memory)[0]


def test_the_temporary_file_leaves_no_name_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_store, "MEMORY_SHARE", 0.0)
    monkeypatch.setattr(pixel_store.tempfile, "tempdir", str(tmp_path))
    x = empty_pixels((100, 8, 8, 3))
    x[:] = 7
    assert list(tmp_path.iterdir()) == []
    taken = Pictures(x).take(np.arange(50)).take(np.array([3, 1]))
    assert len(taken) == 2
    assert isinstance(taken.array(), np.memmap)
    assert (taken.array() == 7).all()


def test_a_disk_without_room_is_refused(monkeypatch, refused):
    monkeypatch.setattr(pixel_store, "MEMORY_SHARE", 0.0)
    with refused(FolderError, "TMPDIR", "image_size", en=["GB free"], zh=["GB 空间"]):
        empty_pixels((1 << 40, 256, 256, 3))


def test_a_quarter_of_the_memory_of_the_machine_at_most():
    assert 0 < pixel_store.memory_limit() < 2**45
