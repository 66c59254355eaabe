"""Reading image files: every kind comes out as displayed, or as one clear error."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image

from whyface.sources import image_files as images
from whyface.sources.image_files import read_image, read_size

RED, BLUE = (255, 0, 0), (0, 0, 255)


def save(path, picture, **options):
    picture.save(path, **options)
    return path


def two_halves(width=32, height=16):
    """Make an image with red left of blue, in blocks that JPEG keeps apart."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def colour_at(pixels, x, y):
    return tuple(np.round(pixels[y, x] / 255) * 255)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp"])
def test_every_format_comes_as_height_by_width_by_rgb(tmp_path, suffix):
    pixels = read_image(save(tmp_path / f"a{suffix}", two_halves()))
    assert pixels.shape == (16, 32, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert colour_at(pixels, 2, 8) == RED
    assert colour_at(pixels, 29, 8) == BLUE


def test_the_content_decides_on_the_format_and_not_the_suffix(tmp_path):
    path = tmp_path / "a.jpg"
    two_halves().save(path, format="PNG")
    assert read_image(path).shape == (16, 32, 3)


def test_grey_png_becomes_rgb(tmp_path):
    pixels = read_image(save(tmp_path / "a.png", Image.new("L", (3, 2), 77)))
    assert pixels.shape == (2, 3, 3)
    assert (pixels == 77).all()


def test_bilevel_png_becomes_black_and_white(tmp_path):
    assert (read_image(save(tmp_path / "a.png", Image.new("1", (3, 2), 1))) == 255).all()


def test_16_bit_grey_png_is_scaled_and_not_clipped(tmp_path):
    levels = np.array([[0, 256, 257, 32768, 65535]], np.uint16)
    pixels = read_image(save(tmp_path / "a.png", Image.fromarray(levels)))
    assert pixels[0, :, 0].tolist() == [0, 1, 1, 128, 255]
    assert (pixels == pixels[:, :, :1]).all()


def test_16_bit_rgb_png_is_scaled(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png_file(16, 2, struct.pack(">B3H", 0, 65535, 32896, 0)))
    assert read_image(path)[0, 0].tolist() == [255, 128, 0]


def png_file(bits, colour_type, raw, width=1, height=1):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    pixels = read_image(save(tmp_path / "a.jpg", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), quality=95))
    assert pixels.shape == (16, 16, 3)
    assert colour_at(pixels, 8, 8) == RED


def test_palette_png_becomes_its_colours(tmp_path):
    pixels = read_image(save(tmp_path / "a.png", two_halves().quantize(2)))
    assert colour_at(pixels, 0, 0) == RED


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_mid_grey(tmp_path, mode):
    picture = Image.new("RGBA", (2, 1), (255, 255, 255, 0))
    picture.putpixel((1, 0), (255, 255, 255, 255))
    pixels = read_image(save(tmp_path / "a.png", picture.convert(mode)))
    assert pixels[0].tolist() == [[128] * 3, [255] * 3]


def test_a_transparent_palette_entry_becomes_mid_grey(tmp_path):
    pixels = read_image(save(tmp_path / "a.png", Image.new("P", (2, 1), 0), transparency=0))
    assert (pixels == 128).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_exif_orientation_is_applied_to_pixels_and_size(tmp_path, orientation, suffix):
    upright = two_halves()
    undo = {
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
        **{o: images._UPRIGHT[o] for o in (2, 3, 4, 5, 7)},
    }
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = save(tmp_path / f"a{suffix}", stored, exif=exif)
    pixels = read_image(path)
    assert pixels.shape == (16, 32, 3)
    assert colour_at(pixels, 2, 8) == RED
    assert read_size(path) == (32, 16)


def test_orientation_6_is_a_clockwise_quarter_turn(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    pixels = read_image(save(tmp_path / "a.jpg", two_halves(), exif=exif))
    assert pixels.shape == (32, 16, 3)
    assert colour_at(pixels, 8, 2) == RED, "what was left is on top"


@pytest.mark.parametrize("exif", [b"Exif\0\0II", b"Exif\0\0garbage-garbage"])
def test_damaged_exif_counts_as_none(tmp_path, exif):
    path = save(tmp_path / "a.png", two_halves(), exif=exif)
    assert read_image(path).shape == (16, 32, 3)
    assert read_size(path) == (32, 16)


def test_a_one_pixel_image_is_read(tmp_path):
    path = save(tmp_path / "a.png", Image.new("RGB", (1, 1), BLUE))
    assert read_image(path).tolist() == [[[0, 0, 255]]]
    assert read_size(path) == (1, 1)


def test_names_with_spaces_quotes_non_ascii_and_html_are_read(tmp_path):
    path = save(tmp_path / """Zoë "d'Arc" <b onclick=x> 😀.png""", two_halves())
    assert read_size(path) == (32, 16)
    assert read_image(path).shape == (16, 32, 3)


def test_a_truncated_jpeg_is_refused_with_its_path(tmp_path):
    path = tmp_path / "cut.jpg"
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(buffer, format="JPEG")
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(ValueError, match=r"cut\.jpg: unreadable image: .*truncated"):
        read_image(path)
    assert read_size(path) == (64, 64), "the header is intact"


@pytest.mark.parametrize("kind", [{}, {"progressive": True}, {"restart_marker_blocks": 4}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_may_lack_its_end_marker_and_nothing_more(tmp_path, mode, kind):
    noise = np.random.default_rng(0).integers(0, 256, (70, 50, 3), np.uint8)
    path = save(tmp_path / "a.jpg", Image.fromarray(noise).convert(mode), **kind)
    content, pixels = path.read_bytes(), read_image(path)
    for missing in (1, 2):
        path.write_bytes(content[:-missing])
        np.testing.assert_array_equal(read_image(path), pixels)
        assert read_size(path) == (50, 70)
    for missing in range(4, len(content) - 700, 97):
        path.write_bytes(content[:-missing])
        with pytest.raises(ValueError, match=r"a\.jpg: unreadable image: "):
            read_image(path)


@pytest.mark.parametrize(
    "content", [b"", b"not an image at all\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP"]
)
def test_a_text_or_empty_file_named_jpg_is_refused(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.jpg: unreadable image: "):
        read_image(path)
    assert read_size(path) is None


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PPM", "ICO"])
def test_other_formats_are_not_opened_whatever_their_name(tmp_path, kind):
    path = tmp_path / "a.png"
    Image.new("L", (16, 16)).save(path, format=kind)
    with pytest.raises(ValueError, match="not a JPEG, PNG, WEBP, BMP file"):
        read_image(path)
    assert read_size(path) is None


def test_a_missing_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.jpg"):
        read_image(tmp_path / "gone.jpg")
    assert read_size(tmp_path / "gone.jpg") is None


def test_more_pixels_than_the_limit_are_refused_before_decoding(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", Image.new("L", (20, 20)))
    monkeypatch.setattr(images, "MAX_PIXELS", 399)
    with pytest.raises(ValueError, match="20 x 20 pixels, at most 399"):
        read_image(path)
    assert read_size(path) is None


def test_a_decompression_bomb_is_refused(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_file(8, 0, b"", width=60_000, height=60_000))
    with pytest.raises(ValueError, match=r"bomb\.png: unreadable image: .*bomb"):
        read_image(path)
    assert read_size(path) is None
