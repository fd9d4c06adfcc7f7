"""Pictures as people have them: every chunk broken, every mode, depth, orientation, profile and brand.

`python -m tests.ml.photo.odd_files FOLDER` writes them, for `scripts/check_photos.py`.
"""

from __future__ import annotations

import io
import itertools
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

from tests.ml.photo.icc import grey_profile, matrix_profile

register_heif_opener()

WIDTH, HEIGHT = 96, 64
COLORS = ((200, 60, 40), (40, 170, 60), (30, 60, 200), (220, 210, 190))
"""Top left, top right, bottom left, bottom right. No brighter: HDR highlights are compressed above this."""
SRGB = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
P3 = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.3290)
BT2020 = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290)
ADOBE = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.3290)


@dataclass(frozen=True)
class OddFile:
    """A file and what is right for it: `colors` of the four quarters (None: those of COLORS), or a `code` of refusal.

    `damaged`: a note must say so. `tolerance` in levels: more than 3 where the file itself stores coarser steps.
    """

    make: Callable[..., bytes]
    code: str = ""
    colors: tuple[tuple[int, ...], ...] = COLORS
    damaged: bool = False
    alpha: tuple[int, ...] = (255, 255, 255, 255)
    tolerance: int = 3


def quarters(values: object, dtype: type = np.uint8) -> np.ndarray:
    """(64, 96, C): one value per quarter."""
    cells: np.ndarray = np.array(values, dtype=dtype).reshape(2, 2, -1)
    return np.asarray(cells.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 2, axis=1))


def picture(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(quarters(COLORS)).convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


# Colour spaces: the same four colours, as another space encodes them.


def linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_curve(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def pq(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084 of light relative to white at 203 cd/m²."""
    power = (light * 203.0 / 10_000.0) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1.0 + 18.6875 * power)) ** 78.84375)


def hlg(light: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """BT.2100: the inverse of the display's OOTF for 1000 cd/m², then the OETF."""
    display = light * 203.0 / 1000.0
    scene = display * (display @ weights)[..., None] ** (1 / 1.2 - 1)
    logarithm = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), logarithm))


def to_xyz(primaries: tuple[float, ...]) -> np.ndarray:
    x, y = np.array(primaries[0::2]), np.array(primaries[1::2])
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    return np.asarray(xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3]))


def in_space(primaries: tuple[float, ...], curve: str | float = "srgb", top: int = 255) -> np.ndarray:
    """COLORS as an encoder for that space writes them, 0 to `top`."""
    light = linear(np.array(COLORS) / 255.0)
    light = (light @ (np.linalg.inv(to_xyz(primaries)) @ to_xyz(SRGB)).T).clip(0, None)
    if curve == "hlg":
        value = hlg(light, to_xyz(primaries)[1])
    elif curve == "pq":
        value = pq(light)
    else:
        value = srgb_curve(light) if curve == "srgb" else light ** (1 / float(curve))
    return np.asarray((value * top).round())


def space_picture(primaries: tuple[float, ...], curve: str | float = "srgb") -> Image.Image:
    return Image.fromarray(quarters(in_space(primaries, curve)))


# PNG, written here: Pillow writes neither all depths nor broken chunks.


def chunk(name: bytes, body: bytes, wrong: int = 0) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ wrong)


def png(
    cells: object,
    kind: int = 2,
    depth: int = 8,
    *,
    before: bytes = b"",
    interlaced: bool = False,
    palette: bytes = b"",
    pieces: int = 1,
) -> bytes:
    """`cells`: the sample values of the four quarters."""
    values = quarters(cells, np.uint16)
    rows = b"".join(_passes(values, depth) if interlaced else _rows(values, depth))
    body, size = zlib.compress(rows, 0), 0
    size = -(-len(body) // pieces)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, int(interlaced))
    pixels = b"".join(chunk(b"IDAT", body[at : at + size]) for at in range(0, len(body), size))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + palette + pixels + chunk(b"IEND", b"")


def _rows(values: np.ndarray, depth: int) -> Iterator[bytes]:
    for row in values.reshape(len(values), -1):
        if depth == 16:
            yield b"\0" + row.astype(">u2").tobytes()
        else:
            bits = (row[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            yield b"\0" + np.packbits(bits.astype(np.uint8).ravel()).tobytes()


def _passes(values: np.ndarray, depth: int) -> Iterator[bytes]:
    """Adam7."""
    for top, left, down, across in (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ):
        yield from _rows(values[top::down, left::across], depth)


GREYS = (0, 85, 170, 255)
PALETTE = chunk(b"PLTE", bytes(itertools.chain.from_iterable(COLORS[:2])))
FULL_PALETTE = chunk(b"PLTE", bytes(itertools.chain.from_iterable(COLORS)))


def _png_modes() -> Iterator[tuple[str, OddFile]]:
    for interlaced in (False, True):
        name = "interlaced" if interlaced else "plain"
        for depth in (1, 2, 4, 8, 16):
            top = (1 << depth) - 1
            levels = [round(grey / 255 * top) for grey in GREYS] if depth > 1 else [0, 1, 1, 0]
            colors = tuple((round(level * 255 / top),) * 3 for level in levels)
            yield (
                f"png grey {depth} {name}",
                OddFile(lambda v=levels, d=depth, i=interlaced: png(v, 0, d, interlaced=i), colors=colors),
            )
            hidden = chunk(b"tRNS", struct.pack(">H", levels[1]))
            alpha = tuple(0 if level == levels[1] else 255 for level in levels)
            yield (
                f"png grey {depth} {name} with one level transparent",
                OddFile(
                    lambda v=levels, d=depth, i=interlaced, h=hidden: png(v, 0, d, interlaced=i, before=h),
                    colors=colors,
                    alpha=alpha,
                ),
            )
        for depth, factor in ((8, 1), (16, 257)):
            scaled = np.array(COLORS) * factor
            hidden = chunk(b"tRNS", struct.pack(">HHH", *scaled[2]))
            yield (
                f"png colour {depth} {name}",
                OddFile(lambda s=scaled, d=depth, i=interlaced: png(s, 2, d, interlaced=i)),
            )
            yield (
                f"png colour {depth} {name} with one colour transparent",
                OddFile(
                    lambda s=scaled, d=depth, i=interlaced, h=hidden: png(s, 2, d, interlaced=i, before=h),
                    alpha=(255, 255, 0, 255),
                ),
            )
            faint = np.column_stack([scaled, np.array([255, 128, 64, 0]) * factor])
            yield (
                f"png colour and alpha {depth} {name}",
                OddFile(lambda f=faint, d=depth, i=interlaced: png(f, 6, d, interlaced=i), alpha=(255, 128, 64, 0)),
            )
            grey = np.column_stack([np.array(GREYS) * factor, np.array([255, 128, 64, 0]) * factor])
            yield (
                f"png grey and alpha {depth} {name}",
                OddFile(
                    lambda g=grey, d=depth, i=interlaced: png(g, 4, d, interlaced=i),
                    colors=tuple((g,) * 3 for g in GREYS),
                    alpha=(255, 128, 64, 0),
                ),
            )
        for depth in (1, 2, 4, 8):
            index = [0, 1, 1, 0] if depth == 1 else [0, 1, 2, 3]
            table = PALETTE if depth == 1 else FULL_PALETTE
            colors = tuple(COLORS[entry] for entry in index)
            yield (
                f"png palette {depth} {name}",
                OddFile(
                    lambda n=index, d=depth, i=interlaced, t=table: png(n, 3, d, interlaced=i, palette=t), colors=colors
                ),
            )
            alpha = tuple((90, 255, 255, 255)[entry] for entry in index)
            hidden = table + chunk(b"tRNS", b"\x5a")
            yield (
                f"png palette {depth} {name} with a faint colour",
                OddFile(
                    lambda n=index, d=depth, i=interlaced, t=hidden: png(n, 3, d, interlaced=i, palette=t),
                    colors=colors,
                    alpha=alpha,
                ),
            )


SIDE_CHUNKS = (
    b"cHRM gAMA iCCP sRGB cICP mDCV cLLI pHYs tEXt zTXt iTXt eXIf tIME bKGD hIST sBIT sPLT oFFs acTL fcTL tRNS abCd"
).split()


def _png_side_chunks() -> Iterator[tuple[str, OddFile]]:
    noise = np.random.default_rng(15).bytes(1_500_000)
    bomb = b"c\0\0" + zlib.compress(bytes(30_000_000))
    for name in SIDE_CHUNKS:
        bodies = {"empty": b"", "short": b"\x01", "garbage": noise[:40], "huge": noise, "bomb": bomb}
        if name == b"tRNS":  # forty bytes are a valid colour that no pixel has
            bodies = {"empty": b"", "short": b"\x01"}
        if name == b"cICP":
            bodies.pop("garbage"), bodies.pop("huge"), bodies.pop("bomb")
        for what, body in bodies.items():
            yield f"png {name.decode()} {what}", OddFile(lambda n=name, b=body: png(COLORS, before=chunk(n, b)))
        yield (
            f"png {name.decode()} wrong checksum",
            OddFile(lambda n=name: png(COLORS, before=chunk(n, bytes(32), wrong=1))),
        )


def _png_colors() -> Iterator[tuple[str, OddFile]]:
    def profile(data: bytes, cells: np.ndarray, **more: object) -> bytes:
        return png(cells, before=chunk(b"iCCP", b"p\0\0" + zlib.compress(data)), **more)  # type: ignore[arg-type]

    yield "png profile P3", OddFile(lambda: profile(matrix_profile("Display P3", P3), in_space(P3)))
    yield (
        "png profile P3 named sRGB",
        OddFile(lambda: profile(matrix_profile("sRGB EOTF with DCI-P3 Color Gamut", P3), in_space(P3))),
    )
    yield "png profile sRGB with another name", OddFile(lambda: profile(matrix_profile("Wide", SRGB), np.array(COLORS)))
    yield (
        "png profile Adobe RGB",
        OddFile(lambda: profile(matrix_profile("Adobe RGB", ADOBE, (2.2,)), in_space(ADOBE, 2.2))),
    )
    yield "png profile cut", OddFile(lambda: profile(matrix_profile("P3", P3)[:200], np.array(COLORS)))
    yield "png cICP P3", OddFile(lambda: png(in_space(P3), before=chunk(b"cICP", bytes([12, 13, 0, 1]))))
    yield (
        "png cICP PQ 16 bit",
        OddFile(lambda: png(in_space(BT2020, "pq", 65535), 2, 16, before=chunk(b"cICP", bytes([9, 16, 0, 1])))),
    )
    yield (
        "png cICP HLG 16 bit",
        OddFile(lambda: png(in_space(BT2020, "hlg", 65535), 2, 16, before=chunk(b"cICP", bytes([9, 18, 0, 1])))),
    )
    yield "png gAMA of linear light 16 bit", OddFile(lambda: png(in_space(SRGB, 1.0), before=gamma(1.0)))
    yield "png gAMA 1.8", OddFile(lambda: png(in_space(SRGB, 1.8), before=gamma(1.8)))
    yield "png gAMA of sRGB", OddFile(lambda: png(COLORS, before=gamma(2.2)))
    yield "png gAMA zero", OddFile(lambda: png(COLORS, before=chunk(b"gAMA", bytes(4))))
    yield "png gAMA and cHRM of P3", OddFile(lambda: png(in_space(P3), before=gamma(2.2) + primaries(P3)))
    yield "png cHRM zero", OddFile(lambda: png(COLORS, before=gamma(2.2) + primaries((0.0,) * 8)))
    yield "png sRGB before gAMA", OddFile(lambda: png(COLORS, before=chunk(b"sRGB", b"\0") + gamma(1.0)))


def gamma(exponent: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(100_000 / exponent)))


def primaries(values: tuple[float, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in (*values[6:], *values[:6]))))


def _png_damage() -> Iterator[tuple[str, OddFile]]:
    whole = png(COLORS, pieces=40)
    last = whole.rindex(b"IDAT")

    def flipped(at: int, data: bytes = whole) -> bytes:
        return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]

    yield "png pixels in 40 chunks", OddFile(lambda: whole)
    yield "png empty chunks of pixels", OddFile(lambda: whole[:33] + chunk(b"IDAT", b"") * 50 + whole[33:])
    yield "png wrong checksum of right pixels", OddFile(lambda: flipped(last - 5))
    yield "png wrong pixels in the last row", OddFile(lambda: flipped(last + 30), damaged=True)
    yield "png wrong pixels in the middle", OddFile(lambda: flipped(len(whole) // 2), code="unreadable_image")
    yield "png without an end", OddFile(lambda: whole[:-12])
    yield "png cut in the last row", OddFile(lambda: whole[: last + 20], damaged=True)
    yield "png cut in half", OddFile(lambda: whole[: len(whole) // 2], code="unreadable_image")
    yield "png with data behind it", OddFile(lambda: whole + np.random.default_rng(1).bytes(5000))
    yield "png header with a wrong checksum", OddFile(lambda: flipped(30), code="unreadable_image")
    yield (
        "png palette with a wrong checksum",
        OddFile(lambda: png([0, 1, 2, 3], 3, 8, palette=chunk(b"PLTE", bytes(12), wrong=1)), code="unreadable_image"),
    )
    yield "png without a palette", OddFile(lambda: png([0, 1, 2, 3], 3, 8), code="unreadable_image")
    yield "png animated", OddFile(lambda: saved(picture(), "PNG", save_all=True, append_images=[picture().rotate(180)]))


def turned(orientation: int) -> Image.Image:
    """Stored so that the orientation turns it upright."""
    stored = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    return picture() if orientation == 1 else picture().transpose(Image.Transpose(stored[orientation]))


def exif(orientation: int) -> Image.Exif:
    entries = Image.Exif()
    entries[0x0112] = orientation
    return entries


def _orientations() -> Iterator[tuple[str, OddFile]]:
    for orientation, kind in itertools.product(range(1, 9), ("JPEG", "PNG", "WEBP", "AVIF")):
        options: dict[str, object] = {"quality": 95} if kind != "PNG" else {}
        options |= {"subsampling": "4:4:4"} if kind in ("JPEG", "AVIF") else {}
        options |= {"lossless": True} if kind == "WEBP" else {}
        yield (
            f"{kind.lower()} orientation {orientation}",
            OddFile(lambda o=orientation, k=kind, p=options: saved(turned(o), k, exif=exif(o), **p)),
        )


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or picture(), "JPEG", **({"quality": 97, "subsampling": 0} | options))


def with_segment(marker: int, body: bytes, data: bytes | None = None) -> bytes:
    data = data or jpeg()
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]


def _jpegs() -> Iterator[tuple[str, OddFile]]:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    yield "jpeg orientation in XMP only", OddFile(lambda: with_segment(0xE1, xmp))
    for number in range(16):
        for what, body in {"empty": b"", "garbage": np.random.default_rng(number).bytes(300)}.items():
            yield f"jpeg APP{number} {what}", OddFile(lambda n=number, b=body: with_segment(0xE0 + n, b))
    known = {
        0xE0: b"JFIF\0",
        0xE1: b"Exif\0\0",
        0xE2: b"ICC_PROFILE\0",
        0xED: b"Photoshop 3.0\0",
        0xEE: b"Adobe",
        0xFE: b"",
    }
    for marker, start in known.items():
        yield (
            f"jpeg segment {marker:x} known and broken",
            OddFile(lambda m=marker, s=start: with_segment(m, s + b"\xff" * 3)),
        )
    yield (
        "jpeg second picture announced and missing",
        OddFile(lambda: with_segment(0xE2, b"MPF\0MM\0\x2a\0\0\0\x08\xff\xff")),
    )
    yield "jpeg gain map", OddFile(_gain_map)
    yield (
        "jpeg pair",
        OddFile(
            lambda: saved(
                picture(), "MPO", quality=97, subsampling=0, save_all=True, append_images=[picture().rotate(180)]
            )
        ),
    )
    greys = tuple((round(0.299 * r + 0.587 * g + 0.114 * b),) * 3 for r, g, b in COLORS)
    yield "jpeg grey", OddFile(lambda: jpeg(picture("L")), colors=greys)
    yield (
        "jpeg grey with an RGB profile",
        OddFile(lambda: jpeg(picture("L"), icc_profile=matrix_profile("P3", P3)), colors=greys),
    )
    bright = tuple((round(float(srgb_curve(np.array((grey[0] / 255) ** 1.8))) * 255),) * 3 for grey in greys)
    yield (
        "jpeg grey with a grey profile",
        OddFile(lambda: jpeg(picture("L"), icc_profile=grey_profile("1.8", 1.8)), colors=bright),
    )
    yield "jpeg CMYK", OddFile(lambda: jpeg(picture("CMYK")))
    yield "jpeg progressive", OddFile(lambda: jpeg(progressive=True))
    yield "jpeg with halved colours", OddFile(lambda: jpeg(subsampling=2))
    yield "jpeg with restart markers", OddFile(lambda: jpeg(restart_marker_blocks=3))
    yield "jpeg kept as RGB", OddFile(lambda: jpeg(keep_rgb=True))
    yield "jpeg with fill bytes", OddFile(lambda: (data := jpeg())[:2] + b"\xff\xff\xff" + data[2:])
    yield "jpeg without JFIF", OddFile(lambda: (data := jpeg())[:2] + data[20:])
    for name in ("Display P3", "sRGB EOTF with DCI-P3 Color Gamut"):
        yield f"jpeg profile {name}", OddFile(lambda n=name: jpeg(space_picture(P3), icc_profile=matrix_profile(n, P3)))
    yield (
        "jpeg profile Adobe RGB",
        OddFile(lambda: jpeg(space_picture(ADOBE, 2.2), icc_profile=matrix_profile("A", ADOBE, (2.2,)))),
    )
    yield "jpeg profile that is garbage", OddFile(lambda: jpeg(icc_profile=np.random.default_rng(2).bytes(500)))
    yield (
        "jpeg profile of CMYK for RGB",
        OddFile(lambda: jpeg(icc_profile=matrix_profile("P3", P3).replace(b"RGB ", b"CMYK"))),
    )


def _gain_map() -> bytes:
    """A base picture, and a second one with its gain map behind it, as phones write it."""
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description hdrgm:Version="1.0"/></x:xmpmeta>'
    return with_segment(
        0xE1,
        xmp,
        saved(picture(), "MPO", quality=97, subsampling=0, save_all=True, append_images=[Image.new("L", (48, 32), 90)]),
    )


def busy() -> Image.Image:
    """The four colours with noise, so that compressed data are spread over all rows."""
    noise = np.random.default_rng(3).integers(-12, 13, (512, 768, 3))
    cells = quarters(COLORS).repeat(8, axis=0).repeat(8, axis=1)
    return Image.fromarray((cells + noise).clip(0, 255).astype(np.uint8))


def _jpeg_damage() -> Iterator[tuple[str, OddFile]]:
    yield "jpeg without an end marker", OddFile(lambda: jpeg(busy())[:-2], damaged=True)
    for progressive in (False, True):
        name = "progressive" if progressive else "baseline"

        def data(p: bool = progressive) -> bytes:
            return jpeg(busy(), progressive=p)

        yield f"jpeg {name} cut in its last rows", OddFile(lambda d=data: d()[: -len(d()) // 50], damaged=True)
        yield (
            f"jpeg {name} with an empty end",
            OddFile(lambda d=data: d()[: -len(d()) // 50] + bytes(len(d()) // 50), damaged=True),
        )
        yield (
            f"jpeg {name} with a wrong marker near its end",
            OddFile(lambda d=data: d()[: -len(d()) // 50] + b"\xff\x02\xff\xc8" + bytes(90), damaged=True),
        )
    yield (
        "jpeg baseline cut in half",
        OddFile(lambda: (data := jpeg(busy()))[: len(data) // 2], code="unreadable_image"),
    )
    yield (
        "jpeg baseline with an empty half",
        OddFile(lambda: (data := jpeg(busy()))[: len(data) // 2] + bytes(9000), code="unreadable_image"),
    )
    yield "jpeg with zeros behind it", OddFile(lambda: jpeg() + bytes(5000))


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def avif(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or picture(), "AVIF", **({"quality": 100, "subsampling": "4:4:4"} | options))


def with_nclx(data: bytes, codes: tuple[int, int]) -> bytes:
    """The same pixels, stated to be in another space."""
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", *codes) + data[at + 4 :]


def with_brand(data: bytes, brand: bytes) -> bytes:
    return data[:8] + brand + data[12:]


def heic(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or picture(), "HEIF", **({"quality": -1, "chroma": 444} | options))


def deep_heic(cells: np.ndarray, bits: int, codes: tuple[int, int]) -> bytes:
    """HEIC of 10 or 12 bits; `cells` from 0 to 65535."""
    import pillow_heif

    file = pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), quarters(cells, np.uint16).tobytes())
    buffer, before = io.BytesIO(), pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        file.save(buffer, quality=-1, chroma=444)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = before
    return with_nclx(buffer.getvalue(), codes)


HDR = {"PQ": ("pq", (9, 16)), "HLG": ("hlg", (9, 18))}


def _iso_files() -> Iterator[tuple[str, OddFile]]:
    yield "avif", OddFile(avif)
    for brand in (b"mif1", b"miaf", b"abcd"):
        yield f"avif brand {brand.decode()}", OddFile(lambda b=brand: with_brand(avif(), b))
    yield "avif P3 by codes", OddFile(lambda: with_nclx(avif(space_picture(P3)), (12, 13)), tolerance=5)
    yield (
        "avif P3 by profile",
        OddFile(lambda: avif(space_picture(P3), icc_profile=matrix_profile("P3", P3)), tolerance=5),
    )
    yield "avif alpha", OddFile(lambda: avif(_with_alpha()), alpha=(255, 128, 64, 0), colors=(*COLORS[:3], ()))
    for brand in (b"heic", b"heix", b"mif1", b"abcd"):
        yield f"heic brand {brand.decode()}", OddFile(lambda b=brand: with_brand(heic(), b))
    yield "heic P3 by codes", OddFile(lambda: with_nclx(heic(space_picture(P3)), (12, 13)))
    yield "heic P3 by profile", OddFile(lambda: heic(space_picture(P3), icc_profile=matrix_profile("P3", P3)))
    yield "heic alpha", OddFile(lambda: heic(_with_alpha()), alpha=(255, 128, 64, 0), colors=(*COLORS[:3], ()))
    for orientation in (3, 6, 8):
        yield f"heic orientation {orientation}", OddFile(lambda o=orientation: heic(turned(o), exif=exif(o).tobytes()))
    for name, (curve, codes) in HDR.items():
        yield (
            f"avif {name}",
            OddFile(lambda c=curve, n=codes: with_nclx(avif(space_picture(BT2020, c)), n), tolerance=10),
        )
        for bits in (10, 12):
            yield (
                f"heic {name} {bits} bit",
                OddFile(lambda c=curve, n=codes, b=bits: deep_heic(in_space(BT2020, c, 65535), b, n), tolerance=5),
            )
    for bits in (10, 12):
        yield f"heic sRGB {bits} bit", OddFile(lambda b=bits: deep_heic(np.array(COLORS) * 257, b, (1, 13)))


def _with_alpha() -> Image.Image:
    return Image.fromarray(np.dstack([quarters(COLORS), quarters((255, 128, 64, 0))]))


def _others() -> Iterator[tuple[str, OddFile]]:
    yield "webp", OddFile(lambda: saved(picture(), "WEBP", lossless=True))
    yield "webp lossy", OddFile(lambda: saved(picture(), "WEBP", quality=100))
    yield (
        "webp alpha",
        OddFile(lambda: saved(_with_alpha(), "WEBP", lossless=True, exact=True), alpha=(255, 128, 64, 0)),
    )
    yield (
        "webp P3",
        OddFile(lambda: saved(space_picture(P3), "WEBP", lossless=True, icc_profile=matrix_profile("P3", P3))),
    )
    yield (
        "webp animated",
        OddFile(lambda: saved(picture(), "WEBP", lossless=True, save_all=True, append_images=[picture().rotate(180)])),
    )
    yield "webp cut", OddFile(lambda: (data := saved(busy(), "WEBP"))[: len(data) // 2], code="unreadable_image")
    yield "gif", OddFile(lambda: saved(picture(), "GIF"))
    yield "gif interlaced", OddFile(lambda: saved(picture(), "GIF", interlace=1))
    yield "gif animated", OddFile(lambda: saved(picture(), "GIF", save_all=True, append_images=[picture().rotate(180)]))
    yield "gif with data behind it", OddFile(lambda: saved(picture(), "GIF") + bytes(500))
    yield "tiff", OddFile(lambda: saved(picture(), "TIFF"), code="unsupported_type")
    yield "bmp", OddFile(lambda: saved(picture(), "BMP"), code="unsupported_type")
    yield "mp4", OddFile(lambda: box(b"ftyp", b"mp42\0\0\0\0isommp42"), code="unsupported_type")
    yield "text", OddFile(lambda: b"no picture", code="unsupported_type")
    yield "nothing", OddFile(lambda: b"", code="empty_file")
    yield "one pixel", OddFile(lambda: saved(Image.new("RGB", (1, 1)), "PNG"), code="too_small")
    yield "bomb", OddFile(lambda: saved(Image.new("1", (20_000, 20_000)), "PNG"), code="too_large")


_SOURCES = (
    _png_modes, _png_side_chunks, _png_colors, _png_damage, _orientations, _jpegs, _jpeg_damage, _iso_files, _others,
)  # fmt: skip
ODD_FILES: dict[str, OddFile] = {name: file for source in _SOURCES for name, file in source()}


def main(folder: Path) -> None:
    """Write all files; their extension says nothing, as the reader goes by the contents."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in ODD_FILES.items():
        (folder / f"{name.replace(' ', '_')}.bin").write_bytes(file.make())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
