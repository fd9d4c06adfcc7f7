"""Uploaded files: every supported kind of picture, and every kind of bad file with its error code."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from ml.errors import ReconstructionError
from ml.notes import note
from ml.photo.decode import Photo, open_photo
from tests.ml.conftest import corner_picture, encoded, mushroom

RED, BLUE = (220, 30, 20), (20, 40, 200)


def corner_jpeg(**options: object) -> bytes:
    return encoded(corner_picture(), "JPEG", quality=95, **options)


def corner_png() -> bytes:
    return encoded(corner_picture())


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(header: bytes, *chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def png_header(width: int, height: int, depth: int = 8, color: int = 2) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)


def with_chunk_before_pixels(name: bytes, body: bytes) -> bytes:
    data = corner_png()
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk(name, body) + data[at:]


def with_many_scans(count: int) -> bytes:
    data = corner_jpeg()
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    return data[:-2] + scan * count + data[-2:]


def with_jpeg_size(width: int, height: int) -> bytes:
    data = bytearray(corner_jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def with_bad_pixels() -> bytes:
    data = bytearray(corner_png())
    data[data.index(b"IDAT") + 12] ^= 0x55
    return bytes(data)


def as_tiff() -> bytes:
    return encoded(corner_picture(), "TIFF")


BAD_FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("empty_file", lambda: b""),
    "one byte": ("unsupported_type", lambda: b"\xff"),
    "three bytes of a JPEG": ("unreadable_image", lambda: b"\xff\xd8\xff"),
    "text": ("unsupported_type", lambda: b"This is a photo, honestly."),
    "HTML": ("unsupported_type", lambda: b"<!doctype html><script>alert(1)</script>"),
    "SVG": ("unsupported_type", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>'),
    "EPS": ("unsupported_type", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"),
    "PDF": ("unsupported_type", lambda: b"%PDF-1.7\n"),
    "PDF before a JPEG": ("unsupported_type", lambda: b"%PDF-1.7\n" + corner_jpeg()),
    "program": ("unsupported_type", lambda: b"\x7fELF\x02\x01\x01" + bytes(200)),
    "random bytes": ("unsupported_type", lambda: np.random.default_rng(0).bytes(4096)),
    "TIFF": ("unsupported_type", as_tiff),
    "BMP": ("unsupported_type", lambda: encoded(corner_picture(), "BMP")),
    "ICO": ("unsupported_type", lambda: encoded(corner_picture(), "ICO")),
    "MP4": ("unsupported_type", lambda: b"\x00\x00\x00\x18ftypmp42" + bytes(64)),
    "HEIC header and garbage": ("unreadable_image", lambda: b"\x00\x00\x00\x18ftypheic" + b"\xa5" * 500),
    "AVIF header and garbage": ("unreadable_image", lambda: b"\x00\x00\x00\x18ftypavif" + b"\xa5" * 500),
    "WebP header and garbage": ("unreadable_image", lambda: b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"\xa5" * 50),
    "GIF header only": ("unreadable_image", lambda: b"GIF89a"),
    "bomb of one bit a pixel": ("too_large", lambda: encoded(Image.new("1", (20000, 20000)))),
    "60 megapixels": ("too_large", lambda: encoded(Image.new("1", (10000, 6000)))),
    "header of 65535 a side": ("too_large", lambda: png_of(png_header(65535, 65535))),
    "header of 2 billion a side": ("too_large", lambda: png_of(png_header(2**31 - 1, 2**31 - 1))),
    "zero width": ("unreadable_image", lambda: png_of(png_header(0, 64))),
    "JPEG of 65500 a side": ("too_large", lambda: with_jpeg_size(65500, 65500)),
    "countless chunks": ("unreadable_image", lambda: png_of(png_header(64, 64), *[chunk(b"tEXt", b"a\0b")] * 30_000)),
    "scan bomb": ("unreadable_image", lambda: with_many_scans(2000)),
    "JPEG cut in half": ("unreadable_image", lambda: (data := corner_jpeg())[: len(data) // 2]),
    "JPEG cut in its header": ("unreadable_image", lambda: corner_jpeg()[:100]),
    "PNG cut": ("unreadable_image", lambda: (data := corner_png())[: data.index(b"IDAT") + 20]),
    "PNG with a bad check sum": ("unreadable_image", with_bad_pixels),
    "PNG without pixels": ("unreadable_image", lambda: png_of(png_header(64, 64))),
    "WebP cut": ("unreadable_image", lambda: (data := encoded(mushroom(), "WEBP"))[: len(data) // 2]),
    "one pixel": ("too_small", lambda: encoded(Image.new("RGB", (1, 1)))),
    "one line": ("too_small", lambda: encoded(Image.new("RGB", (1, 3000)))),
    "31 a side": ("too_small", lambda: encoded(Image.new("RGB", (31, 31)))),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_rejected_with_its_code(name: str) -> None:
    code, make = BAD_FILES[name]
    with pytest.raises(ReconstructionError) as error:
        open_photo(make())
    assert error.value.code == code


@pytest.mark.parametrize("name", ["bomb of one bit a pixel", "scan bomb", "countless chunks", "TIFF", "nothing"])
def test_a_decompression_bomb_is_rejected_before_it_is_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*args: object) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    code, make = BAD_FILES[name]
    with pytest.raises(ReconstructionError) as error:
        open_photo(make())
    assert error.value.code == code


def assert_upright(photo: Photo, tolerance: int = 12) -> None:
    """Red at the top left, blue at the bottom right, 80 x 60."""
    assert photo.pixels.shape == (60, 80, 3)
    assert photo.pixels.dtype == np.uint8
    assert np.abs(photo.pixels[5, 5].astype(int) - RED).max() <= tolerance
    assert np.abs(photo.pixels[-5, -5].astype(int) - BLUE).max() <= tolerance


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_every_supported_format_is_opened(kind: str) -> None:
    assert_upright(open_photo(encoded(corner_picture(), kind)), tolerance=20)


def test_heic_is_opened() -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    assert_upright(open_photo(encoded(corner_picture(), "HEIF", quality=95)), tolerance=20)


def test_the_first_picture_of_an_mpo_is_opened() -> None:
    other = Image.new("RGB", (80, 60), (0, 255, 0))
    assert_upright(open_photo(encoded(corner_picture(), "MPO", save_all=True, append_images=[other], quality=95)))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_used_and_a_note_says_so(kind: str) -> None:
    other = Image.new("RGB", (80, 60), (0, 255, 0))
    photo = open_photo(encoded(corner_picture(), kind, save_all=True, append_images=[other], lossless=True))
    assert_upright(photo)
    assert photo.notes == (note("animated"),)


def test_a_plain_picture_has_no_notes() -> None:
    assert open_photo(corner_jpeg()).notes == ()


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", TURNS)
def test_a_rotated_photo_is_turned_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    sideways = corner_picture().transpose(TURNS[orientation])
    photo = open_photo(encoded(sideways, kind, exif=exif))
    assert_upright(photo)
    assert photo.original_size == (80, 60)


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0MM\x00\x2a\xff\xff\xff\xff"])
def test_corrupt_metadata_are_ignored(exif: bytes) -> None:
    assert_upright(open_photo(corner_jpeg(exif=exif)))


def test_an_unknown_orientation_counts_as_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    assert_upright(open_photo(corner_jpeg(exif=exif)))


def test_cmyk_is_converted() -> None:
    assert_upright(open_photo(encoded(corner_picture().convert("CMYK"), "JPEG", quality=95)))


def test_a_palette_is_converted() -> None:
    assert_upright(open_photo(encoded(corner_picture().quantize(16))))


def test_a_palette_is_converted_with_transparency() -> None:
    photo = open_photo(encoded(mushroom().quantize(16)))
    assert photo.pixels.shape == (320, 320, 4)
    assert photo.pixels[0, 0, 3] == 0
    assert photo.pixels[120, 160, 3] == 255


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_is_converted(mode: str) -> None:
    photo = open_photo(encoded(corner_picture().convert(mode)))
    assert photo.pixels.shape == (60, 80, 3)
    assert (photo.pixels[..., 0] == photo.pixels[..., 2]).all()


def test_16_bit_grey_is_scaled_without_clipping() -> None:
    wide = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    photo = open_photo(encoded(Image.fromarray(wide)))
    assert np.abs(photo.pixels[0, :, 0].astype(float) - np.linspace(0, 255, 64)).max() <= 1.0


def test_16_bit_colour_is_read() -> None:
    rows = b"".join(b"\0" + struct.pack(">HHH", 0xC800, 0x6400, 0x0A00) * 40 for _ in range(40))
    photo = open_photo(png_of(png_header(40, 40, depth=16), chunk(b"IDAT", zlib.compress(rows))))
    assert photo.pixels[20, 20].tolist() == [0xC8, 0x64, 0x0A]


def test_a_fully_opaque_alpha_is_dropped() -> None:
    assert open_photo(encoded(corner_picture().convert("RGBA"))).pixels.shape == (60, 80, 3)


def test_a_corrupt_profile_is_ignored() -> None:
    assert_upright(open_photo(corner_jpeg(icc_profile=b"not a profile" * 20)))


def test_a_profile_for_another_colour_space_is_ignored() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    picture = Image.new("RGB", (64, 64), (90, 140, 60))
    assert open_photo(encoded(picture, icc_profile=lab.tobytes())).pixels[9, 9].tolist() == [90, 140, 60]


def test_a_wide_profile_is_converted_to_srgb() -> None:
    picture = Image.new("RGB", (64, 64), (90, 140, 60))
    red, green, _ = open_photo(encoded(picture, icc_profile=wide_profile())).pixels[9, 9]
    assert red < 60
    assert green == pytest.approx(140, abs=5)


def wide_profile() -> bytes:
    """sRGB's profile with a wider green primary, as a wide-gamut display has; renamed so that it is not skipped."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    tags = {bytes(data[at : at + 4]): data[at + 4 : at + 12] for at in range(132, 132 + 12 * count, 12)}
    offset, _ = struct.unpack(">II", tags[b"gXYZ"])
    x, y, z = (int(value * 65536) for value in (0.205, 0.626, 0.061))
    data[offset + 8 : offset + 20] = struct.pack(">iii", x, y, z)
    offset, length = struct.unpack(">II", tags[b"desc"])
    body = bytes(data[offset : offset + length])
    renamed = body.replace(b"sRGB", b"wide").replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    data[offset : offset + length] = renamed
    return bytes(data)


def test_data_after_the_picture_is_ignored() -> None:
    assert_upright(open_photo(corner_jpeg() + b"PK\x03\x04" + bytes(500)))


def test_a_large_text_chunk_is_dropped() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "x" * 3_000_000)
    assert_upright(open_photo(encoded(corner_picture(), pnginfo=info)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photo_is_downscaled(kind: str) -> None:
    photo = open_photo(encoded(corner_picture(4000, 3000), kind))
    assert photo.original_size == (4000, 3000)
    assert 1400 <= max(photo.pixels.shape) <= 2048
    assert photo.pixels.shape[1] / photo.pixels.shape[0] == pytest.approx(4 / 3, rel=0.01)
    assert np.abs(photo.pixels[50, 50].astype(int) - RED).max() <= 12


def test_flipped_bits_never_raise_any_other_error() -> None:
    random = np.random.default_rng(5)
    seeds = [corner_jpeg(), corner_png(), encoded(mushroom(64), "WEBP"), encoded(corner_picture(), "GIF")]
    for number in range(400):
        data = bytearray(seeds[number % len(seeds)])
        for index in random.integers(0, len(data), 4):
            data[index] ^= 1 << random.integers(0, 8)
        try:
            open_photo(bytes(data))
        except ReconstructionError as error:
            assert error.message


def test_pixels_can_be_encoded_again() -> None:
    photo = open_photo(corner_jpeg())
    with Image.open(io.BytesIO(encoded(Image.fromarray(photo.pixels)))) as again:
        assert again.size == (80, 60)
        assert not again.info
