import numpy as np
import pytest

from trainwell.data import load
from trainwell.errors import DataError, FolderError


def test_class_folders_in_natural_order_with_names_and_pixels(folder_of, said):
    root = folder_of({"class10": 12, "class2": 12}, width=9, height=7)
    data = load(root)
    assert data.name == "set"
    assert (data.kind, data.task, data.outputs) == ("image", "binary", 1)
    assert data.class_names == ("class2", "class10")
    assert data.input_shape == (7, 9, 3)
    assert data.train.x.dtype == np.uint8
    assert [len(p) for p in data.parts] == [17, 2, 5]
    from PIL import Image

    for part in data.parts:
        for x, y, name in zip(part.x, part.y, part.names, strict=True):
            assert name.startswith(data.class_names[y] + "/")
            np.testing.assert_array_equal(x, np.asarray(Image.open(root / name)))
    assert "All images are 7 x 9 pixels" in said(data)[0]
    assert said(data)[1] == []


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".PNG"])
def test_every_extension(folder_of, suffix):
    assert load(folder_of({"a": 4, "b": 4}, suffix=suffix)).input_shape[:2] == (10, 10)


def test_grey_only_if_every_image_is(folder_of, picture):
    root = folder_of({"a": 5, "b": 5}, mode="L")
    assert load(root).input_shape == (10, 10, 1)
    picture(mode="RGB").save(root / "b" / "colour.png")
    assert load(root).input_shape == (10, 10, 3)


def test_mixed_sizes_become_a_square_of_the_median_shorter_side(folder_of, picture, said):
    root = folder_of({"a": 5, "b": 5}, width=40, height=20)
    for k, (width, height) in enumerate([(30, 90), (90, 50), (300, 300), (30, 31)]):
        picture(width, height).save(root / "a" / f"odd{k}.png")
    data = load(root)  # shorter sides: ten times 20, then 30, 50, 300, 30: the median is 20
    assert data.input_shape == (20, 20, 3)
    assert "Images of 5 sizes are made 20 x 20" in said(data)[0]
    assert "cropped in the centre" in said(data)[0]


def test_equal_but_large_images_become_128(folder_of):
    assert load(folder_of({"a": 4, "b": 4}, width=200, height=150)).input_shape == (128, 128, 3)


def test_a_size_asked_for(folder_of, said):
    root = folder_of({"a": 4, "b": 4})
    assert load(root, image_size=16).input_shape == (16, 16, 3)
    data = load(root, image_size=(5, 8))
    assert data.input_shape == (5, 8, 3)
    assert "as asked for" in said(data)[0]


def test_train_and_test_folders_are_kept(folder_of, said):
    root = folder_of({"train/a": 20, "train/b": 20, "test/a": 4, "test/b": 3})
    data = load(root)
    assert [len(p) for p in data.parts] == [36, 4, 7]
    assert {n.split("/")[0] for n in data.test.names} == {"test"}
    assert {n.split("/")[0] for n in data.train.names + data.validation.names} == {"train"}
    assert data.class_counts(data.test) == {"a": 4, "b": 3}
    assert "test as the source has it" in said(data)[0]


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val"])
def test_validation_folder_is_kept_and_the_test_comes_out_of_training(folder_of, name):
    data = load(folder_of({"train/a": 20, "train/b": 20, f"{name}/a": 3, f"{name}/b": 3}))
    assert [len(p) for p in data.parts] == [32, 6, 8]
    assert {n.split("/")[0] for n in data.validation.names} == {name}


def test_all_three_parts_leave_nothing_to_split(folder_of):
    parts = {f"{part}/{c}": 3 for part in ("train", "val", "test") for c in "ab"}
    data = load(folder_of(parts), test=0)
    assert [len(p) for p in data.parts] == [6, 6, 6]


def test_a_class_called_train_beside_others_is_a_class(folder_of):
    assert load(folder_of({"bus": 5, "train": 5, "tram": 5})).class_names == ("bus", "train", "tram")


def test_only_a_train_folder_is_split(folder_of):
    assert load(folder_of({"train/a": 5, "train/b": 5})).class_names == ("a", "b")


def test_classes_of_train_and_test_must_agree(folder_of, refused):
    root = folder_of({"train/a": 5, "train/b": 5, "train/c": 5, "test/a": 2, "test/b": 2, "test/d": 2})
    with refused(DataError, "test", "train", en=["lacks c", "lacks d"], zh=["缺少 c", "缺少 d"]):
        load(root)


def test_two_folders_for_the_same_part(folder_of, refused):
    parts = {f"{part}/{c}": 3 for part in ("train", "val", "valid") for c in "ab"}
    with refused(FolderError, "'val'", "'valid'", en=["same part"], zh=["同一部分"]):
        load(folder_of(parts))


def test_names_in_other_scripts_and_not_in_utf8(folder_of):
    root = folder_of({"猫": 5, "собака": 5})
    (root / "猫" / "img0.png").rename(root / "猫" / "图\udcff.png")
    data = load(root)
    assert data.class_names == ("собака", "猫")
    assert "猫: 3 / 1 / 1" in str(data)
    assert data.fingerprint == load(root).fingerprint


def test_other_files_are_ignored_and_counted_once(folder_of, said):
    root = folder_of({"a": 5, "b": 5})
    for name in ("a/Thumbs.db", "a/.DS_Store", "b/notes.txt", "readme.md"):
        (root / name).write_text("x", encoding="utf-8")
    (root / ".cache").mkdir()
    (root / "__MACOSX").mkdir()
    data = load(root)
    assert data.class_names == ("a", "b")
    assert "4 other files" in said(data)[0]


def test_folders_beside_train_are_named(folder_of, said):
    root = folder_of({"train/a": 5, "train/b": 5, "test/a": 5, "test/b": 5, "unlabelled/x": 1})
    assert "not read: unlabelled" in said(load(root))[0]


def test_damaged_jpeg_is_skipped_and_named_or_refused_when_strict(folder_of, said, refused):
    root = folder_of({"a": 6, "b": 6}, suffix=".jpg", width=40, height=40)
    content = (root / "a" / "img3.jpg").read_bytes()
    (root / "a" / "img3.jpg").write_bytes(content[: len(content) // 2])  # the header is whole, the pixels are not
    (root / "b" / "img1.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")  # not even the header
    data = load(root)
    assert sum(len(p) for p in data.parts) == 10
    assert (
        data.class_counts(data.train)["a"] + data.class_counts(data.test)["a"] + data.class_counts(data.validation)["a"]
        == 5
    )
    note = next(t for t in said(data)[1] if "damaged" in t.en)
    assert "2 damaged images were skipped: a/img3.jpg, b/img1.jpg" in note.en
    assert "跳过了 2 个损坏的图像" in note.zh
    with refused(DataError, str(root / "b" / "img1.jpg"), en=["damaged"], zh=["损坏"]):
        load(root, strict=True)
    (root / "b" / "img1.jpg").unlink()
    with refused(DataError, str(root / "a" / "img3.jpg")):
        load(root, strict=True)


def test_damage_that_leaves_a_class_empty(folder_of, refused):
    root = folder_of({"a": 4, "b": 4})
    for path in (root / "b").iterdir():
        path.write_bytes(path.read_bytes()[:60])
    with refused(DataError, str(root / "b"), en=["every image"], zh=["全部损坏"]):
        load(root)


def test_damage_that_leaves_a_class_too_small(folder_of, refused):
    root = folder_of({"a": 4, "b": 3})
    path = root / "b" / "img0.png"
    path.write_bytes(path.read_bytes()[:60])
    with refused(DataError, "'b'", "2"):
        load(root)


def test_bad_input_is_refused_before_anything_is_decoded(folder_of, refused, png_header):
    def never(done, total):
        raise AssertionError(f"decoded {done} of {total}")

    root = folder_of({"a": 4, "b": 4})
    (root / "b" / "text.png").write_text("no picture", encoding="utf-8")
    with refused(DataError, str(root / "b" / "text.png"), en=["not an image"], zh=["不是图像"]):
        load(root, progress=never)
    (root / "b" / "text.png").write_bytes(png_header(30_000, 10_000))
    with refused(DataError, str(root / "b" / "text.png"), "30000", "300"):
        load(root, progress=never)
    (root / "b" / "text.png").unlink()
    (root / "one").mkdir()
    (root / "a" / "img0.png").rename(root / "one" / "x.png")
    with refused(DataError, "'one'", en=["has 1 sample"], zh=["只有 1 个样本"]):
        load(root, progress=never)


def test_empty_folder(tmp_path, refused):
    with refused(FolderError, str(tmp_path), en=["is empty"], zh=["是空的"]):
        load(tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    with refused(FolderError, str(tmp_path), en=["is empty"], zh=["是空的"]):
        load(tmp_path)


def test_folder_without_class_folders(tmp_path, picture, refused):
    picture().save(tmp_path / "a.png")
    with refused(FolderError, str(tmp_path), en=["no subfolders"], zh=["没有子文件夹"]):
        load(tmp_path)


def test_one_class_only_and_a_class_folder_without_images(folder_of, refused):
    root = folder_of({"a": 5})
    with refused(DataError, "'a'", en=["one class"], zh=["同一个类别"]):
        load(root)
    (root / "b").mkdir()
    with refused(DataError, str(root / "b"), en=["no image"], zh=["没有图像"]):
        load(root)


def test_progress_counts_every_image(folder_of):
    seen = []
    load(folder_of({"a": 6, "b": 6}), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 12) for i in range(1, 13)]


def test_an_interrupt_ends_reading(folder_of):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(folder_of({"a": 6, "b": 6}), progress=interrupt)


def test_class_names_give_the_order_of_class_folders(folder_of, refused):
    root = folder_of({"a": 5, "b": 5})
    assert load(root, class_names=["b", "a"]).class_names == ("b", "a")
    with refused(DataError, "'b'"):
        load(root, class_names=["a", "c"])


def test_same_pictures_in_train_and_test_are_counted(folder_of, said):
    root = folder_of({"train/a": 12, "train/b": 12, "test/a": 10, "test/b": 10})
    for k in range(3):
        (root / "test" / "a" / f"img{k}.png").write_bytes((root / "train" / "b" / f"img{k}.png").read_bytes())
    warnings = said(load(root, validation=0))[1]
    assert [w.en.startswith("3 of 20 test samples (15.0%)") for w in warnings] == [True]
    assert "20 个测试样本中有 3 个" in warnings[0].zh


def test_twice_loaded_is_the_same(folder_of):
    root = folder_of({"a": 8, "b": 8}, width=31, height=17)
    first, again, other = load(root, image_size=8), load(root, image_size=8), load(root, image_size=8, seed=1)
    assert first.fingerprint == again.fingerprint
    assert first.train.names == again.train.names
    assert first.fingerprint != other.fingerprint
