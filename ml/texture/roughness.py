"""How rough a surface is, from how sharp the highlights in its photo are.

A highlight of a distant light, seen from afar, is a lobe over the surface's normals: cos^p of the angle to one normal
(Blinn, "Models of light reflection for computer synthesized pictures", SIGGRAPH 1977), which is close to
exp(p (cos - 1)). The exponent becomes a roughness by alpha² = 2 / (p + 2) (Walter et al., "Microfacet models for
refraction through rough surfaces", EGSR 2007), and alpha is the square of glTF's roughness. One value for a model: few
photos have more than one highlight that shows its width.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import Mask
from ml.texture.relight import LitPicture

MATTE = 1.0
"""Roughness of glTF for a surface without highlights."""
AROUND = 31
"""Side in pixels of the square whose median is a pixel's base colour: highlights must be smaller than half of it."""
LEVELS = 180.0
"""8-bit levels of the square root of a linear brightness of 1 in that median; brighter than (255/180)² = 2 is cut."""
FAINTEST, FAINT_PEAK = 0.06, 0.12
"""Linear brightness beyond the base colour of every pixel of a highlight, and of its brightest one."""
WHITE = 0.5
"""Fraction of a highlight's strongest channel that each of the others must have, or it is a colour of the surface."""
SATURATED = 0.97
"""Linear brightness from which on the camera has cut the highlight off."""
CUT_OFF = 0.02
"""Linear brightness by which a channel that is cut off may miss that, from noise."""
MIN_PIXELS = 12
"""Pixels of a highlight: fewer show no width."""
EXPONENTS = np.geomspace(4.0, 300.0, 24)
"""Tried exponents: roughness 0.76 to 0.29. A photo shows no sharper one: the light has a width of its own."""
MIN_FIT = 0.85
"""Fraction of the variance around a highlight that its lobe must explain (R²): marks of white paint have edges."""
MIN_SPREAD = 0.05
"""Standard deviation of the normals around a highlight, as a length: on a flat face its width says nothing."""


@dataclass(frozen=True)
class Lobe:
    """A highlight: its `exponent`, its brightness at the peak (`strength`, linear) and the R² of its `fit`."""

    exponent: float
    strength: float
    fit: float


def estimate(lit: LitPicture | None) -> float:
    """glTF's roughness of the object; MATTE where no highlight shows it or the light is not known."""
    lobes = [lobe for lobe in (highlights(lit) if lit else []) if lobe.fit >= MIN_FIT and lobe.strength >= FAINT_PEAK]
    if not lobes:
        return MATTE
    return of_exponent(max(lobes, key=lambda lobe: lobe.fit).exponent)


def of_exponent(exponent: float) -> float:
    """glTF's roughness of a Blinn-Phong exponent."""
    return float((2.0 / (exponent + 2.0)) ** 0.25)


def to_exponent(roughness: float) -> float:
    """The Blinn-Phong exponent of glTF's roughness: the inverse of `of_exponent`."""
    return float(2.0 / roughness**4 - 2.0)


def highlights(lit: LitPicture) -> list[Lobe]:
    """The lobes of all spots that are brighter and whiter than the surface around them, however well they fit."""
    matte = _base(lit) * np.exp(lit.shading)[..., None].astype(np.float32)
    excess = lit.color - matte
    brightness = excess.max(axis=2)
    # A red surface is bright in red already: there a white highlight adds little before the camera cuts it off.
    possible = np.minimum(brightness[..., None], (SATURATED - matte).clip(0.0))
    white = (excess > WHITE * possible - CUT_OFF).all(axis=2)
    inner = cv2.erode(lit.fitted.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    count, label = cv2.connectedComponents((inner & white & (brightness > FAINTEST)).astype(np.uint8))
    spots = [label == number for number in range(1, count)]
    brightest = np.take_along_axis(lit.color, excess.argmax(axis=2)[..., None], axis=2)[..., 0]
    usable = inner & (brightest < SATURATED)
    large = [spot for spot in spots if int(spot.sum()) >= MIN_PIXELS and brightness[spot].max() >= FAINT_PEAK]
    lobes = [_fit(brightness, lit.normals, spot, usable) for spot in large]
    return [lobe for lobe in lobes if lobe is not None]


def _base(lit: LitPicture) -> Floats:
    """(S, S, 3) linear base colours without small marks."""
    base = lit.color / np.exp(lit.shading)[..., None]
    filled = np.where(lit.fitted[..., None], base, np.median(base[lit.fitted], axis=0))
    levels = (np.sqrt(filled) * LEVELS).clip(0, 255).astype(np.uint8)
    return np.asarray((cv2.medianBlur(levels, AROUND) / np.float32(LEVELS)) ** 2, np.float32)


def _fit(brightness: Floats, normals: Floats, spot: Mask, usable: Mask) -> Lobe | None:
    """The lobe of one spot; None where the surface is flat or too little of it is usable."""
    width = 2 * round(float(np.sqrt(spot.sum() / np.pi))) + 1
    around = cv2.dilate(spot.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))) > 0
    near = around & usable
    if int(near.sum()) < MIN_PIXELS or float(np.linalg.norm(normals[near].std(axis=0))) < MIN_SPREAD:
        return None
    peak = _peak(brightness[spot], normals[spot])
    lobes = [_explain(brightness[near], normals[near] @ peak, float(exponent)) for exponent in EXPONENTS]
    return max(lobes, key=lambda lobe: lobe.fit)


def _peak(brightness: Floats, normals: Floats) -> Floats:
    """(3,) the normal at a spot's middle: the mean, by the square of the brightness."""
    mean = (normals * (brightness**2)[:, None]).sum(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _explain(brightness: Floats, cosine: NDArray[np.floating], exponent: float) -> Lobe:
    """The lobe of an exponent, over a constant, that is closest to the brightness (N,) at cosines (N,) to its peak."""
    lobe = np.exp(exponent * (cosine.astype(np.float64) - 1.0))
    centered, target = lobe - lobe.mean(), brightness - brightness.mean()
    strength = float(centered @ target) / max(float(centered @ centered), 1e-9)
    left = float(((target - strength * centered) ** 2).sum())
    return Lobe(exponent, strength, 1.0 - left / max(float((target**2).sum()), 1e-9))
