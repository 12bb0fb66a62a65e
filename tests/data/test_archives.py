import io
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from trainwell.data import load
from trainwell.data.files import archives
from trainwell.data.files.archives import extracted, is_archive
from trainwell.errors import DataError, FolderError

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def zipped(tmp_path):
    """Write {name: bytes} into a zip; a name may also be a `ZipInfo`."""

    def make(files, name="set.zip", **options):
        with zipfile.ZipFile(tmp_path / name, "w", **options) as file:
            for inside, content in files.items():
                file.writestr(inside, content)
        return tmp_path / name

    return make


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


FILES = {"a.txt": b"one", "deep/er/b.bin": bytes(range(256)), "名字/c": b""}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_zip_is_unpacked_and_removed(zipped, compression):
    with extracted(zipped(FILES, compression=compression)) as folder:
        assert content(folder) == FILES
    assert not folder.exists()


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.TGZ", "w:gz")])
def test_a_tar_is_unpacked_and_removed(tmp_path, name, mode):
    assert is_archive(tmp_path / name)
    with tarfile.open(tmp_path / name, mode) as file:
        for inside, data in FILES.items():
            info = tarfile.TarInfo(inside)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    with extracted(tmp_path / name) as folder:
        assert content(folder) == FILES
    assert not folder.exists()


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "C:/x", "..\\x", "\\x"])
def test_names_that_lead_out_are_refused(zipped, refused, tmp_path, name):
    path = zipped({"good.txt": b"", zipfile.ZipInfo(name): b"bad"})
    with refused(DataError, str(path), en=["outside of its folder"], zh=["目标文件夹之外"]), extracted(path):
        pass
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["set.zip"]


@given(st.text(st.sampled_from("./\\:ab \0~"), min_size=1, max_size=12))
def test_whatever_the_name_nothing_is_written_elsewhere(tmp_path_factory, name):
    top = tmp_path_factory.mktemp("names")
    with zipfile.ZipFile(top / "a.zip", "w") as file:
        file.writestr(zipfile.ZipInfo(name), b"x")
    (top / "in").mkdir()
    with suppress(DataError, FolderError):
        archives._unpack(top / "a.zip", top / "in")
    assert sorted(p.name for p in top.iterdir()) == ["a.zip", "in"]


def test_links_are_refused(zipped, tmp_path, refused):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = zipped({info: b"/etc/passwd"})
    with refused(DataError, "'link'", en=["is a link"], zh=["是链接"]), extracted(path):
        pass
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        with tarfile.open(tmp_path / "a.tar", "w") as file:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = kind, "/etc/passwd"
            file.addfile(info)
        with refused(DataError, "'link'", en=["is a link"], zh=["是链接"]), extracted(tmp_path / "a.tar"):
            pass


def test_bombs_are_refused_before_they_fill_the_disk(zipped, refused, monkeypatch):
    bomb = zipped({f"{k}": bytes(1 << 25) for k in range(3)}, compression=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size * archives.INFLATION < 3 << 25  # 96 MiB of zeros in 98 kB
    with refused(DataError, str(bomb), en=["more than there is room"], zh=["超出可用空间"]), extracted(bomb):
        pass
    many = zipped({f"{k}": b"" for k in range(20)}, name="many.zip")
    monkeypatch.setattr(archives, "MAX_FILES", 19)
    with refused(DataError, "20 files"[:2], en=["20 files"], zh=["20 个文件"]), extracted(many):
        pass
    monkeypatch.setattr(archives, "MAX_BYTES", 10)
    with refused(DataError, en=["more than there is room"]), extracted(zipped({"a": b"12345678901"}, name="big.zip")):
        pass


def test_a_tar_bomb_is_refused_too(tmp_path, refused):
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz", compresslevel=1) as file:
        info = tarfile.TarInfo("zeros")
        info.size = 100 << 20
        file.addfile(info, io.BytesIO(bytes(info.size)))
    with refused(DataError, "bomb.tar.gz", en=["more than there is room"]), extracted(tmp_path / "bomb.tar.gz"):
        pass


def test_what_is_no_archive_or_is_damaged(tmp_path, zipped, refused):
    (tmp_path / "text.zip").write_text("text")
    (tmp_path / "text.tar.gz").write_text("text")
    whole = zipped({"a": np.random.default_rng(0).bytes(5000)}, name="whole.zip", compression=zipfile.ZIP_DEFLATED)
    data = bytearray(whole.read_bytes())
    (tmp_path / "half.zip").write_bytes(data[:2500])
    data[1000:1010] = bytes(10)
    (tmp_path / "flipped.zip").write_bytes(data)
    for name in ("text.zip", "text.tar.gz", "half.zip", "flipped.zip"):
        with refused(DataError, name, en=["damaged"], zh=["损坏"]), extracted(tmp_path / name):
            pass
    with refused(FolderError, "gone.zip", en=["cannot read"]), extracted(tmp_path / "gone.zip"):
        pass


def test_a_password_is_said(tmp_path, zipped, refused):
    path = zipped({"a": b"text"})
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + place] |= 1
    path.write_bytes(data)
    with refused(DataError, str(path), en=["password"], zh=["密码"]), extracted(path):
        pass


def test_names_as_windows_writes_them_in_china(zipped):
    path = zipped({"AAAA/1.txt": b"", "BBBBBB.txt": b""})
    data = path.read_bytes().replace(b"AAAA", "猫狗".encode("gb18030")).replace(b"BBBBBB", "猫狗".encode())
    path.write_bytes(data)
    with extracted(path) as folder:
        assert set(content(folder)) == {"猫狗/1.txt", "猫狗.txt"}


def test_errors_name_the_archive_and_not_the_temporary_folder(zipped, refused):
    path = zipped({f"set/{c}/{k}.wav": b"no sound" for c in "ab" for k in range(5)})
    with refused(DataError, f"{path}/set/a/0.wav", en=["is not sound"]):
        load(path)


@pytest.mark.parametrize("top", ["", "top/", "outer/inner/"])
def test_what_is_in_a_zip_is_loaded_as_it_would_be_from_the_folder(zipped, folder_of, top):
    root = folder_of({"a": 6, "b": 6})
    files = {f"{top}{name}": data for name, data in content(root).items()}
    path = zipped({**files, "__MACOSX/._a": b"junk"}, name="cats.v2.zip")
    data, plain = load(path), load(root)
    assert data.fingerprint == plain.fingerprint
    assert data.train.names == plain.train.names
    assert (data.name, data.source) == ("cats.v2", str(path))


def test_parts_in_a_zip(zipped, folder_of):
    root = folder_of({"train/a": 6, "train/b": 6})
    assert load(zipped(content(root))).class_names == ("a", "b")


def test_a_table_alone_in_a_zip(zipped):
    rows = "\n".join(f"{k % 7},{k % 5},{'ab'[k % 2]}" for k in range(40))
    assert load(zipped({"table.csv": f"one,two,label\n{rows}\n".encode()}), target="label").kind == "table"


def test_nothing_to_read_in_a_zip(zipped, refused):
    with refused(DataError, "set.zip", en=["nothing in"], zh=["没有可读取的数据"]):
        load(zipped({"inner.zip": b"PK"}))


def real(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    return path


def test_spoken_digits():
    data = load(real("fsdd/fsdd_recordings.zip"), test_names="*_[0-4].wav", validation=0)
    assert [len(p) for p in data.parts] == [2700, 0, 300]
    assert set(data.class_counts(data.test).values()) == {30}
    # Its README: 8,000 Hz, median 0.42 s, 99.3% at most 1 s; the 99th percentile is then a little below.
    assert (data.format.sample_rate, data.format.length) == (8000, 8000)
    assert data.class_names == tuple("0123456789")


def test_sound_in_a_zip_is_heard_the_same(zipped, tmp_path):
    names = [f"{c}_{k}.wav" for c in "ab" for k in range(5)]
    for number, name in enumerate(names):
        soundfile.write(tmp_path / name, np.random.default_rng(number).uniform(-0.5, 0.5, 800), 8000)
    path = zipped({name: (tmp_path / name).read_bytes() for name in names})
    data = load(path)
    assert (data.kind, data.class_names, data.input_shape) == ("audio", ("a", "b"), (800,))
    samples = data.format.read(path)
    by_name = {name: x for part in data.parts for name, x in zip(part.names, part.x, strict=True)}
    for name, x in zip(samples.names, samples.x, strict=True):
        np.testing.assert_array_equal(x, by_name[Path(name).name])
