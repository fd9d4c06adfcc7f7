"""The boxes of an AVIF or HEIC file (ISO/IEC 14496-12): its brands, and the colour space that it states."""

from __future__ import annotations

from collections.abc import Iterator

from ml.photo.color import ColorSpace, color_space

MAX_BOXES = 10_000
"""A HEIC photo of 48 megapixels in tiles has about 200; countless empty ones would only cost time."""
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_AVIF_BRANDS = {b"avif", b"avis"}
_ANY_CODEC = {b"mif1", b"msf1", b"miaf"}
"""Brands that name the container only."""

Box = tuple[bytes, memoryview]
"""Type and body."""


def kind_of(data: bytes) -> str | None:
    """ "HEIF" or "AVIF" by the main brand, or if that is another one, by the compatible ones; None if by neither."""
    length = int.from_bytes(data[:4], "big")
    compatible = {data[at : at + 4] for at in range(16, min(length, len(data), 512), 4)}
    for brands in ({data[8:12]}, compatible):
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & _HEIC_BRANDS:
            return "HEIF"
    return _kind_by_items(data) if ({data[8:12]} | compatible) & _ANY_CODEC else None


def with_known_brand(data: bytes, kind: str) -> bytes:
    """The same file with a main brand that Pillow knows; the decoders do not look at it."""
    known = _AVIF_BRANDS if kind == "AVIF" else _HEIC_BRANDS
    return data if data[8:12] in known else data[:8] + (b"avif" if kind == "AVIF" else b"heic") + data[12:]


def _kind_by_items(data: bytes) -> str:
    """By the coding of the first item."""
    meta = _child(memoryview(data), b"meta", 4)
    return "AVIF" if meta is not None and b"av01" in bytes(meta[:4096]) else "HEIF"


def stated_color(data: bytes) -> ColorSpace | None:
    """The colour space of the main picture as H.273 codes (`nclx`); None if it is sRGB or not stated."""
    meta = _child(memoryview(data), b"meta", 4)
    properties = None if meta is None else _child(meta, b"iprp")
    if meta is None or properties is None:
        return None
    container, association = _child(properties, b"ipco"), _child(properties, b"ipma")
    if container is None or association is None:
        return None
    boxes, main = list(_boxes(container)), _main_item(meta)
    for index in _associated(association, main):
        if 1 <= index <= len(boxes) and boxes[index - 1][0] == b"colr":
            body = boxes[index - 1][1]
            if bytes(body[:4]) == b"nclx" and len(body) >= 8:
                return color_space(int.from_bytes(body[4:6], "big"), int.from_bytes(body[6:8], "big"))
    return None


def _main_item(meta: memoryview) -> int:
    item = _child(meta, b"pitm")
    if item is None or len(item) < 6:
        return 1
    return int.from_bytes(item[4:] if item[0] else item[4:6], "big")


def _associated(association: memoryview, item: int) -> list[int]:
    """Numbers, from 1, of the properties of `item`."""
    if len(association) < 8:
        return []
    version, wide = association[0], bool(association[3] & 1)
    count, position = int.from_bytes(association[4:8], "big"), 8
    for _ in range(min(count, MAX_BOXES)):
        id_length = 4 if version else 2
        number = int.from_bytes(association[position : position + id_length], "big")
        position += id_length
        entries, size = association[position] if position < len(association) else 0, 2 if wide else 1
        body = association[position + 1 : position + 1 + entries * size]
        position += 1 + entries * size
        if number == item:
            mask = (1 << (size * 8 - 1)) - 1  # the highest bit says that the property is essential
            return [int.from_bytes(body[at : at + size], "big") & mask for at in range(0, len(body), size)]
    return []


def _child(parent: memoryview, kind: bytes, skip: int = 0) -> memoryview | None:
    """Body of the first box of a kind, without its first `skip` bytes (version and flags)."""
    return next((body[skip:] for name, body in _boxes(parent) if name == kind), None)


def _boxes(parent: memoryview) -> Iterator[Box]:
    position = 0
    for _ in range(MAX_BOXES):
        if position + 8 > len(parent):
            return
        length, header = int.from_bytes(parent[position : position + 4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(parent[position + 8 : position + 16], "big"), 16
        end = len(parent) if length == 0 else position + length
        if end < position + header:
            return
        yield bytes(parent[position + 4 : position + 8]), parent[position + header : end]
        position = end
