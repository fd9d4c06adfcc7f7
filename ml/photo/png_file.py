"""PNG without what is not needed: side chunks that are broken or huge do not matter, as in a browser.

Nothing is decompressed but the colour profile, up to a limit, and the pixels of a damaged file, in small pieces.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ml.errors import ReconstructionError
from ml.photo.color import SRGB, SRGB_PRIMARIES, Chromaticities, ColorSpace, color_space, is_usable

MAX_CHUNKS = 20_000
"""A 20 MB PNG in libpng's 8 kB pieces has 2,500 chunks; a million empty ones would only cost time."""
MAX_PROFILE_BYTES = 4_000_000
"""Of a decompressed colour profile: those of displays have a few kB, with large tables 1 to 2 MB."""
MAX_EXIF_BYTES = 1_000_000
"""Only the orientation is read from them."""
SRGB_GAMMA, SAME_GAMMA = 0.45455, 0.05
"""The gAMA value of sRGB, and the relative difference up to which a file means sRGB, as in libpng."""
MIN_GAMMA, MAX_GAMMA = 0.2, 2.0
"""gAMA values that occur: 1 is linear light; others are mistakes."""
SAME_PRIMARIES = 0.01
"""Difference of chromaticities (cHRM) up to which a file means sRGB."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By colour type."""
_INFLATE_STEP = 1 << 12
"""Bytes decompressed at a time; so many at most are lost before the place where damage is noticed."""


@dataclass(frozen=True)
class Chunk:
    """`sound`: complete, and its checksum is right. `raw`: the whole chunk. Of a truncated one, what is there."""

    name: bytes
    body: memoryview
    raw: memoryview
    sound: bool


@dataclass(frozen=True)
class PngFile:
    """`data`: the same picture as a PNG of the needed chunks; those for pixels keep their checksums.

    `profile` and `color`: the colour space, None for sRGB. `whole`: no damage to the pixels is known.
    """

    data: bytes
    animated: bool
    profile: bytes | None
    color: ColorSpace | None
    whole: bool


def read_png(data: bytes) -> PngFile:
    """Read a PNG's structure; no pixel is decoded. Raises ReconstructionError(`unreadable_image`)."""
    chunks = _chunks(data)
    header = _header(chunks)
    depth, kind = header.body[8], header.body[9]
    side = {chunk.name: chunk for chunk in chunks if chunk.sound}
    pixels = [chunk for chunk in chunks if chunk.name == b"IDAT"]
    kept: list[bytes | memoryview] = [header.raw]
    if palette := next((chunk for chunk in chunks if chunk.name == b"PLTE"), None):
        if not palette.sound:
            raise ReconstructionError("unreadable_image")
        kept.append(palette.raw)
    if transparency := _transparency(side.get(b"tRNS"), kind, depth):
        kept.append(_encoded(b"tRNS", transparency))
    if (exif := side.get(b"eXIf")) and len(exif.body) <= MAX_EXIF_BYTES:
        kept.append(exif.raw)
    whole = all(chunk.sound for chunk in pixels) and b"IEND" in side
    profile, color = _color(side)
    kept += [chunk.raw for chunk in pixels]
    picture = b"".join([_SIGNATURE, *kept, _encoded(b"IEND", b"")])
    return PngFile(picture, _is_animated(side.get(b"acTL")), profile, color, whole)


def _header(chunks: list[Chunk]) -> Chunk:
    """IHDR, which must be intact: without the true size nothing can be checked."""
    if not chunks or chunks[0].name != b"IHDR" or not chunks[0].sound or len(chunks[0].body) != 13:
        raise ReconstructionError("unreadable_image")
    return chunks[0]


def _transparency(chunk: Chunk | None, kind: int, depth: int) -> bytes | None:
    """tRNS in 8-bit levels, as Pillow compares them; 16-bit grey keeps its own, which `decode` compares."""
    if chunk is None or len(chunk.body) < {0: 2, 2: 6, 3: 1}.get(kind, len(chunk.body) + 1):
        return None
    if kind == 0 and depth in (2, 4):
        return struct.pack(">H", int.from_bytes(chunk.body[:2], "big") * 255 // ((1 << depth) - 1) & 0xFFFF)
    if kind == 2 and depth == 16:
        return bytes([0, chunk.body[0], 0, chunk.body[2], 0, chunk.body[4]])
    return bytes(chunk.body)


def _color(side: dict[bytes, Chunk]) -> tuple[bytes | None, ColorSpace | None]:
    """ICC profile or colour space: cICP, iCCP, sRGB, then gAMA and cHRM (PNG 3, section 4.3)."""
    if (chunk := side.get(b"cICP")) and len(chunk.body) >= 2:
        return None, color_space(chunk.body[0], chunk.body[1])
    if (chunk := side.get(b"iCCP")) and (profile := _profile(bytes(chunk.body))):
        return profile, None
    if b"sRGB" in side:
        return None, None
    return None, _gamma_and_primaries(side.get(b"gAMA"), side.get(b"cHRM"))


def _profile(body: bytes) -> bytes | None:
    """Name, a null byte, the method, the compressed profile; None if it is broken or huge."""
    compressed = body.partition(b"\0")[2][1:]
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(compressed, MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if inflate.eof else None


def _gamma_and_primaries(gamma: Chunk | None, primaries: Chunk | None) -> ColorSpace | None:
    if gamma is None or len(gamma.body) < 4:  # cHRM alone says nothing about the values
        return None
    value = int.from_bytes(gamma.body[:4], "big") / 100_000
    if not MIN_GAMMA <= value <= MAX_GAMMA:
        return None
    transfer = SRGB if abs(value / SRGB_GAMMA - 1.0) <= SAME_GAMMA else 1.0 / value
    space = ColorSpace(_primaries(primaries), transfer)
    return None if space == ColorSpace() else space


def _primaries(chunk: Chunk | None) -> Chromaticities:
    """cHRM holds white, red, green, blue. Those of sRGB if it is missing, broken or almost the same."""
    if chunk is None or len(chunk.body) < 32:
        return SRGB_PRIMARIES
    values = [value / 100_000 for value in struct.unpack(">8I", chunk.body[:32])]
    stated = (*values[2:8], *values[:2])
    same = all(abs(one - two) <= SAME_PRIMARIES for one, two in zip(stated, SRGB_PRIMARIES, strict=True))
    return SRGB_PRIMARIES if same or not is_usable(stated) else stated


def _is_animated(control: Chunk | None) -> bool:
    return control is not None and len(control.body) >= 8 and int.from_bytes(control.body[:4], "big") > 1


def repair_png(data: bytes) -> tuple[bytes, float]:
    """A valid PNG of the rows that are intact, and which fraction of all rows they are.

    Rows from the first damage of the compressed data on are missing. Raises ReconstructionError(`unreadable_image`).
    """
    chunks = _chunks(data)
    header = _header(chunks)
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header.body)
    bits = _CHANNELS.get(kind, 0) * depth
    pixels = [chunk for chunk in chunks if chunk.name == b"IDAT"]
    if not bits or not width or not height or interlaced:  # an interlaced picture has its last rows in every pass
        raise ReconstructionError("unreadable_image")
    row = 1 + (width * bits + 7) // 8
    rows = min(height, _sound_bytes(pixels, row * height) // row)
    shorter = bytes(header.body[:4]) + rows.to_bytes(4, "big") + bytes(header.body[8:])
    return data[: len(_SIGNATURE)] + b"".join(
        _encoded(chunk.name, shorter if chunk is header else chunk.body) for chunk in chunks
    ), rows / height


def _sound_bytes(pixels: list[Chunk], total: int) -> int:
    """How many of the `total` bytes of filtered rows can be trusted.

    All, if the stream's own checksum is right. Else those before the damage is noticed; and where it is only noticed
    at the end, those before the first chunk with a wrong checksum.
    """
    inflate, count, trusted = zlib.decompressobj(), 0, None
    for chunk in pixels:
        if not chunk.sound and trusted is None:
            trusted = count
        pending: bytes | memoryview = chunk.body
        while len(pending) and not inflate.eof:
            try:
                count += len(inflate.decompress(pending, _INFLATE_STEP))
            except zlib.error as error:
                return trusted or 0 if "incorrect data check" in str(error) else count
            pending = inflate.unconsumed_tail
            if count > total:  # more than the picture holds: a bomb, or a wrong header
                return total
    return count


def _encoded(name: bytes, body: bytes | memoryview) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


def _chunks(data: bytes) -> list[Chunk]:
    """All chunks up to the end, or up to where the structure is broken. Raises ReconstructionError."""
    chunks: list[Chunk] = []
    for chunk in _walk(memoryview(data)):
        if len(chunks) >= MAX_CHUNKS:
            raise ReconstructionError("unreadable_image")
        chunks.append(chunk)
    return chunks


def _walk(view: memoryview) -> Iterator[Chunk]:
    position = len(_SIGNATURE)
    while position + 8 < len(view):
        length, name = int.from_bytes(view[position : position + 4], "big"), bytes(view[position + 4 : position + 8])
        if not name.isalpha():
            return
        end = position + 8 + length
        body = view[position + 8 : end]
        checksum = int.from_bytes(view[end : end + 4], "big")
        yield Chunk(
            name,
            body,
            view[position : end + 4],
            end + 4 <= len(view) and zlib.crc32(body, zlib.crc32(name)) == checksum,
        )
        position = end + 4
        if name == b"IEND":
            return
