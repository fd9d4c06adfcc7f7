"""What the two renderers and the data sets have in common; imports nothing that a GPU machine may lack."""

from __future__ import annotations

import hashlib

import numpy as np

SHEET_THICKNESS = 0.012
"""Thickness given to every surface, so that sheets without one have a volume, in canonical units."""
HIT_STEP = 2e-4
"""How far a ray moves past a hit before it looks for the next one, in camera space, as `ml.mesh.ray_intervals`."""
SURFACE_OFFSET = 2e-3
"""Distance from the surface at which shadow and sky rays start, so that they do not hit it again; camera space."""
SHADOW_STRENGTH = 0.85
"""Fraction of the key light that a shadow takes away; the rest stands for reflected light."""
MIN_AMBIENT = 0.35
"""Fraction of the ambient light that reaches a point without any open sky."""
GAMMA = 2.2
"""Exponent that approximates the sRGB curve."""
SHARP_COSINE = 0.83
"""Cosine of the angle to the vertex normal (34°) from which a face keeps its own normal."""
SHARP_COSINES = (SHARP_COSINE, 0.2, 1.1)
"""Shading styles: sharp edges, smooth nearly everywhere, flat."""
SHARP_PROBABILITIES = (0.7, 0.2, 0.1)
"""Of the three shading styles."""
MIN_PIXELS = 60
"""Silhouette pixels of the GRID × GRID that a usable view shows at least."""
Sample = dict[str, np.ndarray]
"""picture (P, P, 3) and cover (P, P) uint8, occupancy (G, G, BINS / 8) packed bits, depths (G, G, 3) float16,
back (G, G, 3) uint8, angles (3,) float32: elevation, field of view, azimuth in degrees.
"""


def is_held_out(name: str) -> bool:
    """True for a fixed tenth of all names, by their hash: these meshes are never trained on."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10 == 0
