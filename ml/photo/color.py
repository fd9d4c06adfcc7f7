"""Colours as sRGB: from an ICC profile, or from primaries and a transfer function (ITU-T H.273, PNG, AVIF, HEIC)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from ml.core.images import Floats, to_linear

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y (CIE 1931) of red, green, blue and white."""

_D65 = (0.3127, 0.3290)
SRGB_PRIMARIES: Chromaticities = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65)
_NTSC: Chromaticities = (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65)
PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB_PRIMARIES,
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    6: _NTSC,
    7: _NTSC,
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),
}
"""By code (H.273, table 2): 9 is BT.2020, 12 is Display P3. All others count as sRGB."""
SRGB, PQ, HLG = "srgb", "pq", "hlg"
_TRANSFERS: dict[int, str | float] = {4: 2.2, 5: 2.8, 8: 1.0, 16: PQ, 18: HLG}
"""By code (H.273, table 3): a curve or an exponent. All others, BT.709 too, count as sRGB, as browsers show them."""

REFERENCE_WHITE = 203.0
"""cd/m² of white paper in HDR pictures (ITU-R BT.2408); becomes white in sRGB."""
PEAK = 1000.0 / REFERENCE_WHITE
"""Brightest highlight that still differs from its surroundings: 1000 cd/m², what HDR photos are mastered for."""
KNEE = 0.75
"""Linear light up to which HDR is not changed; above it, PEAK is compressed into what sRGB can show."""
MIN_GAMUT = 0.01
"""Twice the area of the triangle of primaries in the chromaticity diagram: sRGB's has 0.22."""
SAME_COLOR = 1
"""8-bit levels: a profile that changes no colour by more than rounding is sRGB, whatever its name."""
_SAMPLES = 9
"""Values per channel of the colours that decide whether a profile is sRGB."""
_ROWS = 256
"""Rows converted at a time: keeps the floating-point copy small."""
_SRGB_STEPS = 4096
"""Entries of the table from linear light to sRGB, spaced by the square root: fine where sRGB is steep."""


@dataclass(frozen=True)
class ColorSpace:
    """`transfer`: "srgb", "pq", "hlg", or the exponent of a plain power curve (value ** exponent is linear light)."""

    primaries: Chromaticities = SRGB_PRIMARIES
    transfer: str | float = SRGB


def color_space(primaries: int, transfer: int) -> ColorSpace | None:
    """The space of two H.273 codes; None if it is sRGB or unknown."""
    space = ColorSpace(PRIMARIES.get(primaries, SRGB_PRIMARIES), _TRANSFERS.get(transfer, SRGB))
    return None if space == ColorSpace() else space


def is_usable(primaries: Chromaticities) -> bool:
    """Whether three primaries span colours, and white is one of them."""
    if min(primaries[1::2]) <= 0.0 or max(primaries) > 1.0:
        return False
    points = np.array([(*primaries[at : at + 2], 1.0) for at in (0, 2, 4)])
    if abs(float(np.linalg.det(points))) < MIN_GAMUT:
        return False
    return bool((np.linalg.solve(points.T, (*primaries[6:], 1.0)) > 0.0).all())


def to_srgb(image: Image.Image, profile: bytes | None, space: ColorSpace | None) -> Image.Image:
    """RGB picture in sRGB of an RGB, L or CMYK one; a usable ICC profile takes precedence over `space`."""
    converted = _apply_profile(image, profile) if profile else None
    if converted is not None:
        return converted
    rgb = image.convert("RGB")
    return rgb if space is None else Image.fromarray(_convert(np.asarray(rgb), space))


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert with an ICC profile; None if it is corrupt or for another kind of picture."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if image.mode == "RGB" and _is_srgb(profile):
            return image
        return ImageCms.profileToProfile(image, source, _srgb_profile(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=8)
def _is_srgb(profile: bytes) -> bool:
    """Whether an RGB profile leaves the colours of a coarse grid as they are. Raises as ImageCms does."""
    levels = np.linspace(0, 255, _SAMPLES).round().astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(Image.fromarray(colors), source, _srgb_profile(), outputMode="RGB")
    difference = np.asarray(converted).astype(int) - colors
    return int(np.abs(difference).max()) <= SAME_COLOR


def _srgb_profile() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _convert(pixels: NDArray[np.uint8], space: ColorSpace) -> NDArray[np.uint8]:
    """(H, W, 3) in `space` -> (H, W, 3) in sRGB."""
    table = _linear_light(np.arange(256, dtype=np.float32) / 255.0, space.transfer)
    matrix = np.linalg.inv(_to_xyz(SRGB_PRIMARIES)) @ _to_xyz(space.primaries)
    matrix = (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)  # white stays white
    result = np.empty_like(pixels)
    for top in range(0, len(pixels), _ROWS):
        linear = table[pixels[top : top + _ROWS]]
        if space.transfer == HLG:
            linear = _hlg_display_light(linear, space.primaries)
        linear = linear @ matrix.T
        if space.transfer in (PQ, HLG):
            linear = _tone_map(linear)
        result[top : top + _ROWS] = _encode(linear)
    return result


def _linear_light(value: Floats, transfer: str | float) -> Floats:
    """Signal in [0, 1] -> linear light, 1 = white; PQ relative to the reference white, HLG as seen by the camera."""
    if transfer == PQ:  # SMPTE ST 2084
        power = value ** (32.0 / 2523.0)
        light = np.maximum(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
        return np.asarray(light ** (8192.0 / 1305.0) * 10_000.0 / REFERENCE_WHITE, np.float32)
    if transfer == HLG:  # ITU-R BT.2100, inverse OETF
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(value <= 0.5, value**2 / 3.0, (np.exp((value - c) / a) + b) / 12.0).astype(np.float32)
    return to_linear(value) if isinstance(transfer, str) else np.asarray(value**transfer, np.float32)


def _hlg_display_light(scene: Floats, primaries: Chromaticities) -> Floats:
    """BT.2100 OOTF for a display of 1000 cd/m² (system gamma 1.2), relative to the reference white."""
    luminance = scene @ _to_xyz(primaries)[1].astype(np.float32)
    return np.asarray(scene * luminance[..., None] ** 0.2 * PEAK, np.float32)


def _tone_map(linear: Floats) -> Floats:
    """Compress highlights (Reinhard et al. 2002, eq. 4, above a knee); all channels alike, so that hues stay."""
    bright = linear.max(axis=-1, keepdims=True)
    over, span = np.maximum(bright - KNEE, 0.0) / (1.0 - KNEE), (PEAK - KNEE) / (1.0 - KNEE)
    mapped = KNEE + (1.0 - KNEE) * over * (1.0 + over / span**2) / (1.0 + over)
    return np.asarray(np.where(bright > KNEE, linear * (mapped / np.maximum(bright, KNEE)), linear), np.float32)


def _encode(linear: Floats) -> NDArray[np.uint8]:
    index = np.sqrt(linear.clip(0.0, 1.0)) * (_SRGB_STEPS - 1)
    return np.asarray(_srgb_table()[(index + 0.5).astype(np.int32)])


@lru_cache(maxsize=1)
def _srgb_table() -> NDArray[np.uint8]:
    """sRGB of the squares of evenly spaced values in [0, 1] (IEC 61966-2-1)."""
    light = (np.arange(_SRGB_STEPS) / (_SRGB_STEPS - 1)) ** 2
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray((value * 255.0).round(), np.uint8)


def _to_xyz(primaries: Chromaticities) -> NDArray[np.float64]:
    """(3, 3): linear RGB -> XYZ whose white has Y = 1 (SMPTE RP 177)."""
    x, y = np.array(primaries[0::2]), np.array(primaries[1::2])
    xyz = np.stack([x / y, np.ones(4), (1.0 - x - y) / y])
    return np.asarray(xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3]))
