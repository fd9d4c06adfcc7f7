"""Files that are no usable photo, and mutations of usable ones: what an attacker or a broken disk would send.

`python -m tests.ml.photo.bad_files FOLDER` writes them.
"""

from __future__ import annotations

import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from PIL import Image

from tests.ml.photo.odd_files import ODD_FILES, box, chunk, heic, picture, saved

CODES = ("empty_file", "unsupported_type", "unreadable_image", "too_large", "too_small")
"""What a bad file may be called."""
FOREIGN = {
    "pdf": b"%PDF-1.7\n", "zip": b"PK\3\4", "exe": b"MZ\x90\0", "elf": b"\x7fELF\2\1\1", "svg": b"<svg xmlns='x'>",
    "html": b"<!doctype html><script>alert(1)</script>", "xml": b"<?xml version='1.0'?>", "json": b'{"a": 1}',
    "tiff le": b"II*\0\x08\0\0\0", "tiff be": b"MM\0*\0\0\0\x08", "bmp": b"BM\x36\0\0\0", "ico": b"\0\0\1\0\1\0",
    "psd": b"8BPS\0\1", "mkv": b"\x1a\x45\xdf\xa3", "mp3": b"ID3\4\0", "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "avi": b"RIFF\x24\0\0\0AVI LIST", "ogg": b"OggS\0\2", "gzip": b"\x1f\x8b\x08\0", "xz": b"\xfd7zXZ\0",
    "7z": b"7z\xbc\xaf\x27\x1c", "rar": b"Rar!\x1a\7\1\0", "class": b"\xca\xfe\xba\xbe", "wasm": b"\0asm\1\0\0\0",
    "sqlite": b"SQLite format 3\0", "glb": b"glTF\2\0\0\0", "obj": b"v 0 0 0\n", "exr": b"\x76\x2f\x31\x01",
    "hdr": b"#?RADIANCE\n", "jp2": b"\0\0\0\x0cjP  \r\n\x87\n", "jxl": b"\xff\x0a\0\0", "dds": b"DDS |\0\0\0",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n", "shell": b"#!/bin/sh\nid\n", "php": b"<?php system('id'); ?>",
    "pickle": b"\x80\4cos\nsystem\n", "xpm": b"/* XPM */", "pcx": b"\x0a\5\1\x08", "tga": b"\0\0\2\0\0\0\0\0",
    "nul": b"\0",
}  # fmt: skip
MAGICS = {
    "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff\xe0", "gif": b"GIF89a", "webp": b"RIFF\xff\xff\0\0WEBPVP8 ",
    "webp extended": b"RIFF\xff\xff\0\0WEBPVP8X", "heic": b"\0\0\0\x18ftypheic", "avif": b"\0\0\0\x18ftypavif",
}  # fmt: skip
FILLINGS: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: bytes(2000),
    "ones": lambda: b"\xff" * 2000,
    "noise": lambda: random.Random(18).randbytes(2000),
    "nothing": bytes,
}
KEPT_BYTES = (4, 11, 30, 60)
"""Lengths to which good files are cut: before, within and just behind their headers."""
PNG = MAGICS["png"]


def _header(width: int, height: int, depth: int = 8, color: int = 2) -> bytes:
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))


def _scans(number: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = saved(picture(), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * number + b"\xff\xd9"


def _png_text(kind: bytes) -> bytes:
    """A few kilobytes that unpack to 60 MB in a side chunk, in a picture that is cut behind it."""
    packed = zlib.compress(bytes(60_000_000), 9)
    return _header(64, 64) + chunk(kind, b"x\0\0" + packed)


BOMBS: dict[str, Callable[[], bytes]] = {
    "png of the largest size": lambda: _header(2**31 - 1, 2**31 - 1) + chunk(b"IDAT", b""),
    "png over the largest size": lambda: _header(2**32 - 1, 64),
    "png without width": lambda: _header(0, 64) + chunk(b"IDAT", zlib.compress(bytes(64))),
    "png of an unknown depth": lambda: _header(64, 64, depth=3) + chunk(b"IDAT", zlib.compress(bytes(20_000))),
    "png of an unknown colour type": lambda: _header(64, 64, color=5) + chunk(b"IDAT", zlib.compress(bytes(20_000))),
    "png with a wide row": lambda: _header(10_000_000, 1) + chunk(b"IDAT", zlib.compress(bytes(100))),
    "png of 16 bits": lambda: _header(7070, 7070, 16, 6) + chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9)),
    "png without pixels": lambda: _header(64, 64) + chunk(b"IEND", b""),
    "png that is all header": lambda: _header(64, 64) * 500,
    "png with packed text": lambda: _png_text(b"zTXt"),
    "png with a packed profile": lambda: _png_text(b"iCCP"),
    "png with a chunk of 2 GB": lambda: _header(64, 64) + struct.pack(">I", 2**31 - 1) + b"IDAT" + bytes(100),
    "png with a chunk of 4 GB": lambda: _header(64, 64) + b"\xff\xff\xff\xffIDAT" + bytes(100),
    "jpeg of the largest size": lambda: b"\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\3\1\x11\0\2\x11\0\3\x11\0\xff\xd9",
    "jpeg without size": lambda: b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\0\3\1\x11\0\2\x11\0\3\x11\0\xff\xd9",
    "jpeg of 500 scans": lambda: _scans(500),
    "jpeg with an endless segment": lambda: b"\xff\xd8\xff\xe1\xff\xffExif\0\0" + bytes(100),
    "jpeg of empty segments": lambda: b"\xff\xd8" + b"\xff\xe1\0\2" * 50_000,
    "jpeg of markers": lambda: b"\xff\xd8" + b"\xff" * 100_000,
    "gif of the largest size": lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08\1\0;",
    "gif without size": lambda: b"GIF89a\0\0\0\0\0\0\0,\0\0\0\0\0\0\0\0\0\2\0;",
    "gif without an image": lambda: b"GIF89a\x40\0\x40\0\0\0\0;",
    "gif of comments": lambda: b"GIF89a\x40\0\x40\0\0\0\0" + b"!\xfe\1a\0" * 50_000,
    "webp of the largest size": lambda: b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff" * 6,
    "webp of 4 GB": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff" + bytes(100),
    "webp in webp": lambda: b"RIFF\xff\xff\0\0WEBP" * 5000,
    "heic of boxes": lambda: box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(4)) * 5000,
    "heic of nested boxes": lambda: box(b"ftyp", b"heic\0\0\0\0mif1heic") + b"\xff\xff\xff\xffmeta" * 5000,
    "heic without items": lambda: (
        box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(4)) + box(b"mdat", bytes(99))
    ),
    "heic of 4 GB": lambda: box(b"ftyp", b"heic\0\0\0\0mif1heic") + b"\0\0\0\1mdat" + b"\xff" * 8,
    "thin": lambda: saved(Image.new("RGB", (31, 4000)), "PNG"),
    "narrow": lambda: saved(Image.new("RGB", (4000, 2)), "JPEG"),
}


def _joined(magic: bytes, make: Callable[[], bytes]) -> bytes:
    return magic + make()


def _cut(name: str, kept: int) -> bytes:
    return GOOD[name]()[:kept]


GOOD: dict[str, Callable[[], bytes]] = {
    "png": lambda: saved(picture(), "PNG"),
    "jpeg": lambda: saved(picture(), "JPEG"),
    "progressive": lambda: saved(picture(), "JPEG", progressive=True),
    "webp": lambda: saved(picture(), "WEBP"),
    "gif": lambda: saved(picture(), "GIF"),
    "heic": lambda: heic(picture()),
}


def _sources() -> Iterator[tuple[str, Callable[[], bytes]]]:
    yield from ((name, file.make) for name, file in ODD_FILES.items() if file.code)
    for name, magic in FOREIGN.items():
        yield f"{name} file", partial(_joined, magic, lambda: bytes(500))
    for name, magic in MAGICS.items():
        for filling, make in FILLINGS.items():
            yield f"{name} and {filling}", partial(_joined, magic, make)
    for name in GOOD:
        for kept in KEPT_BYTES:
            yield f"{name} cut to {kept}", partial(_cut, name, kept)
    yield from BOMBS.items()


BAD_FILES = dict(_sources())


@cache
def _usable() -> list[bytes]:
    """Small usable files of every format and kind, from which the mutations are made."""
    return [file.make() for file in list(ODD_FILES.values())[::3] if not file.code] + [make() for make in GOOD.values()]


def mutation(number: int) -> bytes:
    """A usable file with one or two defects; the same number gives the same bytes."""
    chance = random.Random(number)
    data = bytearray(chance.choice(_usable()))
    for _ in range(chance.randint(1, 2)):
        chance.choice(_DEFECTS)(data, chance)
    return bytes(data)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 20)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _span(data: bytearray, chance: random.Random) -> slice:
    start = chance.randrange(len(data) + 1)
    return slice(start, start + chance.randint(1, 200))


def _delete(data: bytearray, chance: random.Random) -> None:
    del data[_span(data, chance)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    span = _span(data, chance)
    data[span] = data[span] * chance.randint(2, 50)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    span = _span(data, chance)
    data[span] = chance.choice([b"\0", b"\xff", b"\x7f"]) * len(data[span])


def _enlarge(data: bytearray, chance: random.Random) -> None:
    """A length or a size somewhere in the header becomes huge."""
    start = chance.randrange(min(len(data), 400) + 1)
    data[start : start + 4] = struct.pack(">I", chance.choice([2**32 - 1, 2**31, 2**31 - 1, 65536, 0]))


def _cut_off(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _splice(data: bytearray, chance: random.Random) -> None:
    other = chance.choice(_usable())
    data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other)) :]


_DEFECTS = (_flip, _delete, _repeat, _overwrite, _enlarge, _cut_off, _splice)


def main(folder: Path) -> None:
    """Write the bad files and 2,000 mutations."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in BAD_FILES.items():
        (folder / f"{name.replace(' ', '_')}.bin").write_bytes(make())
    for number in range(2000):
        (folder / f"mutation_{number:04}.bin").write_bytes(mutation(number))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
