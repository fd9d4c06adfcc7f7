"""Small ICC profiles made from numbers (ICC.1:2022), for pictures in other colour spaces."""

from __future__ import annotations

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Parameters of the curve type 3: g, a, b, c, d."""


def matrix_profile(name: str, primaries: tuple[float, ...], curve: tuple[float, ...] = SRGB_CURVE) -> bytes:
    """A display profile of x, y of red, green, blue and white, and one curve: five parameters, or one exponent."""
    columns = _adapted(np.array(primaries))
    tags = {
        b"desc": _text(name),
        b"cprt": _text("none"),
        b"wtpt": _xyz(D50),
        b"rXYZ": _xyz(columns[:, 0]),
        b"gXYZ": _xyz(columns[:, 1]),
        b"bXYZ": _xyz(columns[:, 2]),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(curve)),
    }
    return _profile(b"RGB ", tags)


def grey_profile(name: str, exponent: float) -> bytes:
    """A profile for grey pictures."""
    tags = {b"desc": _text(name), b"cprt": _text("none"), b"wtpt": _xyz(D50), b"kTRC": _curve((exponent,))}
    return _profile(b"GRAY", tags)


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    offset, directory, bodies = 132 + 12 * len(tags), b"", b""
    for name, body in tags.items():
        directory += name + struct.pack(">II", offset + len(bodies), len(body))
        bodies += body + bytes(-len(body) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", offset + len(bodies), b"", 0x04300000, b"mntr", space, b"XYZ ", bytes(12), b"acsp"
    )
    header += bytes(28) + struct.pack(">iii", *_fixed(D50)) + bytes(48)
    return header + struct.pack(">I", len(tags)) + directory + bodies


def _adapted(values: np.ndarray) -> np.ndarray:
    """XYZ of the primaries as columns, white adapted to D50."""
    x, y = values[0::2], values[1::2]
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    scaled = xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])
    gain = (_BRADFORD @ D50) / (_BRADFORD @ xyz[:, 3])
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(gain) @ _BRADFORD @ scaled)


def _fixed(values: np.ndarray) -> list[int]:
    return [round(float(value) * 65536) for value in values]


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *_fixed(values))


def _curve(parameters: tuple[float, ...]) -> bytes:
    kind = 3 if len(parameters) == 5 else 0
    return (
        b"para\0\0\0\0"
        + struct.pack(">HH", kind, 0)
        + struct.pack(f">{len(parameters)}i", *_fixed(np.array(parameters)))
    )


def _text(text: str) -> bytes:
    body = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(body), 28) + body
