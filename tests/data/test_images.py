import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from trainwell.data import decode, image_paths
from trainwell.data.files.images import DamagedImageError, read_header
from trainwell.errors import DataError, FolderError

# The eight orientations of EXIF 2.32, 4.6.5.1.6: what to do with the stored rows to see the picture upright.
UPRIGHT = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_exif_rotation(tmp_path, picture, orientation, suffix):
    image = picture(width=6, height=4)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned{suffix}"
    image.save(path, exif=exif, lossless=True)
    expected = UPRIGHT[orientation](np.asarray(image))
    assert (read_header(path).height, read_header(path).width) == expected.shape[:2]
    np.testing.assert_array_equal(decode(path, expected.shape[:2], 3), expected)


@pytest.mark.parametrize(("suffix", "tolerance"), [(".png", 0), (".bmp", 0), (".gif", 60), (".webp", 60), (".jpg", 60)])
def test_every_format_grey_or_colour(tmp_path, suffix, tolerance):
    rows = np.zeros((16, 24, 3), dtype=np.uint8)
    rows[:, :12] = (200, 40, 90)
    for mode, channels in (("RGB", 3), ("L", 1)):
        image = Image.fromarray(rows).convert(mode)
        path = tmp_path / f"{mode}{suffix}"
        image.save(path)
        expected = np.asarray(image).reshape(16, 24, channels).astype(int)
        got = decode(path, (16, 24), channels)
        assert got.dtype == np.uint8
        assert np.abs(got.astype(int) - expected).max() <= tolerance
    assert not read_header(tmp_path / f"RGB{suffix}").grey
    assert read_header(tmp_path / f"L{suffix}").grey or suffix == ".webp"  # WebP knows no grey


def test_sixteen_bit_grey_is_scaled_to_eight(tmp_path):
    deep = np.asarray([[0, 257, 128 * 257, 65535, 300, 400, 500, 600]] * 8, dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert read_header(tmp_path / "deep.png").grey
    expected = np.rint(deep / 65535 * 255)
    np.testing.assert_array_equal(decode(tmp_path / "deep.png", (8, 8), 1)[..., 0], expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_over_white(tmp_path, mode):
    image = Image.new(mode, (4, 4), (0,) * len(mode))  # black, fully transparent
    image.save(tmp_path / "clear.png")
    assert decode(tmp_path / "clear.png", (4, 4), 3).min() == 255
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 51))  # a fifth of black: 255 * 0.8 = 204
    half.save(tmp_path / "half.png")
    np.testing.assert_array_equal(decode(tmp_path / "half.png", (4, 4), 1), 204)


def test_transparent_palette_entry_is_white_and_the_others_keep_their_colour(tmp_path):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((0, 0), 1)
    image.save(tmp_path / "p.png", transparency=1)
    got = decode(tmp_path / "p.png", (4, 4), 3)
    assert got[0, 0].tolist() == [255, 255, 255]
    assert got[1, 1].tolist() == [255, 0, 0]


def test_cmyk_one_bit_and_grey_palette(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "cmyk.jpg")  # no cyan: red
    red, green, blue = decode(tmp_path / "cmyk.jpg", (8, 8), 3)[4, 4].astype(int)
    assert red > 200
    assert max(green, blue) < 60
    Image.new("1", (8, 8), 1).save(tmp_path / "one.png")
    assert read_header(tmp_path / "one.png").grey
    assert decode(tmp_path / "one.png", (8, 8), 1).min() == 255
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    palette.save(tmp_path / "greyp.png")
    assert read_header(tmp_path / "greyp.png").grey


def test_first_frame_of_a_gif(tmp_path):
    frames = [Image.new("RGB", (8, 8), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    assert decode(tmp_path / "two.gif", (8, 8), 3)[0, 0].tolist() == [255, 0, 0]


def test_wide_picture_is_cropped_in_the_centre_with_its_proportions(tmp_path):
    rows = np.zeros((20, 40), dtype=np.uint8)
    rows[:, 10:30] = 255
    Image.fromarray(rows).save(tmp_path / "wide.png")
    assert decode(tmp_path / "wide.png", (20, 20), 1).min() == 255
    stripe = np.zeros((40, 40), dtype=np.uint8)
    stripe[:, 1::2] = 255  # scaled by half without antialiasing this would be all black or all white
    Image.fromarray(stripe).save(tmp_path / "stripe.png")
    assert 110 < decode(tmp_path / "stripe.png", (20, 20), 1).mean() < 145


def test_large_jpeg_decoded_at_reduced_size_looks_like_the_full_decode(tmp_path):
    y, x = np.mgrid[0:900, 0:1400]
    rows = np.stack([127 + 120 * np.sin(x / 90), 127 + 120 * np.cos(y / 70), (x + y) / 9], axis=-1).astype(np.uint8)
    Image.fromarray(rows).save(tmp_path / "large.jpg", quality=95)
    full = ImageOps.fit(Image.open(tmp_path / "large.jpg"), (48, 32), Image.Resampling.BICUBIC)
    got = decode(tmp_path / "large.jpg", (32, 48), 3)
    assert np.abs(got.astype(int) - np.asarray(full).astype(int)).mean() < 1.5


def test_damage_is_told_from_no_image_at_all(tmp_path, picture, refused):
    picture(64, 64).save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(content[: len(content) // 2])
    with refused(DamagedImageError, str(cut), en=["damaged"], zh=["已损坏"]):
        decode(cut, (8, 8), 3)
    short = tmp_path / "short.png"
    short.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    empty = tmp_path / "empty.gif"
    empty.write_bytes(b"")
    for path in (short, empty):
        with pytest.raises(DamagedImageError):
            read_header(path)
    text = tmp_path / "text.png"
    text.write_text("this is no picture", encoding="utf-8")
    with refused(DataError, str(text), en=["is not an image"], zh=["不是图像"]):
        decode(text, (8, 8), 3)


def test_wrong_extension_is_no_matter(tmp_path, picture):
    picture(5, 5).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert decode(tmp_path / "a.jpg", (5, 5), 3).shape == (5, 5, 3)


def test_over_200_megapixels_is_refused_by_its_header_and_less_gives_no_bomb_warning(tmp_path, png_header, refused):
    huge = tmp_path / "huge.png"
    huge.write_bytes(png_header(20_000, 10_001))
    with refused(DataError, str(huge), "20000", "10001", "200"):
        read_header(huge)
    with refused(DataError, str(huge)):
        decode(huge, (8, 8), 1)
    webp = tmp_path / "huge.webp"  # an extended header: canvas sides less one, 24 bits each
    sides = (16_000 - 1).to_bytes(3, "little") + (13_000 - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides + b"VP8L" + struct.pack("<I", 5) + b"\x2f\0\0\0\0"
    webp.write_bytes(b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk)
    with refused(DataError, str(webp)):
        decode(webp, (8, 8), 1)
    large = tmp_path / "large.png"  # Pillow warns from 89 megapixels and refuses from 179
    large.write_bytes(png_header(20_000, 10_000))
    assert read_header(large).width == 20_000


def test_a_file_that_promises_no_pixels_is_damaged(tmp_path, refused):
    path = tmp_path / "none.bmp"
    path.write_bytes(
        b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 0, 5, 1, 24, 0, 0, 0, 0, 0, 0)
    )
    with refused(DamagedImageError, str(path)):
        read_header(path)


def test_broken_exif_costs_neither_the_picture_nor_a_warning(tmp_path, picture):
    image = picture(6, 6)
    image.save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0")
    assert decode(tmp_path / "a.jpg", (6, 6), 3).shape == (6, 6, 3)


def test_image_paths(tmp_path, picture, refused):
    for name in ("b10.png", "b9.PNG", "sub/a.jpg", ".hidden.png", "notes.txt", ".git/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [p.relative_to(tmp_path).as_posix() for p in image_paths(tmp_path)]
    assert found == ["b9.PNG", "b10.png", "sub/a.jpg"]
    assert image_paths(str(tmp_path / "notes.txt")) == [tmp_path / "notes.txt"]
    (tmp_path / "bare").mkdir()
    with refused(FolderError, str(tmp_path / "bare"), "JPEG"):
        image_paths(tmp_path / "bare")
    with refused(FolderError, str(tmp_path / "none")):
        image_paths(tmp_path / "none")
    with refused(FolderError, str(tmp_path / "none.png")):
        decode(tmp_path / "none.png", (4, 4), 1)
