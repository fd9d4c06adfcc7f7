"""Colours of the surface that no photo shows: those around it on the surface, continued smoothly.

The surface is divided into small patches, and what the photo shows into a few materials. Each unobserved patch takes
the mean of its neighbours' shares of the materials, which makes them harmonic between the observed ones (as in Levin,
Lischinski and Weiss, "Colorization using optimization", SIGGRAPH 2004, without its picture). So the back continues what
the silhouette shows, as bright as the photo shows it elsewhere, and no detail of the front gets there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix, diags
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from ml.core.grouping import sums
from ml.core.images import Floats
from ml.texture import materials

CELL = 0.022
"""Side of a patch in scene units: a fiftieth of a typical object."""
REACH = 1.9
"""Distance in cells up to which patches are neighbours: their diagonal neighbours too."""
MIN_LINK = 1e-4
"""Weight below which two patches are not linked: neighbours that face away from each other, as on a thin sheet."""
UPRIGHT_RESISTANCE = 30.0
"""How much weaker a vertical link is than a horizontal one: materials lie in layers more often than in stripes, and the
back of a burger shows the same layers as its outline. Of 10, 30 and 100 the photos looked best with 30 or more."""
FIDELITY = 50.0
"""Weight of a patch's observed colour relative to that of a neighbour, at full confidence."""
PULL = 1e-4
"""Weight of the mean colour in each patch: it decides only where no observed patch is connected."""
SHARPNESS = 3.0
"""Exponent of the materials' shares: two of them meet in a narrow band, not in a mixture of both."""
FADING, FADING_ROUNDS = 0.02, 24
"""Weight of no difference from the material in each patch, and steps of Jacobi's method that spread differences: they
fade within about four patches."""
MIN_SEEN = 0.1
"""Confidence from which on a patch's colour counts at all."""
CERTAIN = 0.95
"""Confidence from which on an observed patch keeps its material, whatever is around it."""
MIN_CONFIDENCE = 0.5
"""Confidence that some patch must reach; otherwise too little is observed to continue it."""
NORMAL_SCALE = 1.5
"""Distance in cells that a turn of the normal by one radian counts as, where patches are looked up."""
NEIGHBOURS = 6
"""Patches whose colours are blended at a point."""


@dataclass(frozen=True)
class Patches:
    """P pieces of the surface: the points in one cell of a grid that face the same of six sides.

    `index` (N,): the patch of each point; `center`, `normal`, `color` (P, 3); `confidence` (P,) in the colour.
    """

    index: NDArray[np.int64]
    center: Floats
    normal: Floats
    color: Floats
    confidence: Floats


@dataclass(frozen=True)
class Continued:
    """`colors` (P, 3) of all patches, whose `coordinates` are in `tree`."""

    tree: cKDTree
    colors: NDArray[np.float64]

    def at(self, positions: Floats, normals: Floats) -> Floats:
        """(V, 3) colours in [0, 1] at positions (V, 3) with unit normals (V, 3)."""
        count = min(NEIGHBOURS, len(self.colors))
        distance, nearest = self.tree.query(coordinates(positions, normals), k=range(1, count + 1))
        weight = np.exp(-(distance**2)) + 1e-6
        weight /= weight.sum(axis=1, keepdims=True)
        return np.asarray(np.einsum("vk,vkc->vc", weight, self.colors[nearest]).clip(0.0, 1.0), np.float32)


def continued(patches: Patches) -> Continued | None:
    """The colours of all patches; None where too little is observed."""
    if len(patches.center) == 0 or float(patches.confidence.max()) < MIN_CONFIDENCE:
        return None
    return Continued(cKDTree(coordinates(patches.center, patches.normal)), _spread(patches))


def divide(points: Floats, normals: Floats, colors: Floats, confidence: Floats) -> Patches:
    """Patches of surface points (N, 3) with unit normals (N, 3), observed colours (N, 3) and confidence (N,)."""
    axis = np.abs(normals).argmax(axis=1)
    side = axis * 2 + (np.take_along_axis(normals, axis[:, None], axis=1)[:, 0] < 0)
    cell = np.floor((points - points.min(axis=0, initial=0.0)) / CELL).astype(np.int64)
    _, index, count = np.unique(
        np.ravel_multi_index((side, *cell.T), (6, *(cell.max(axis=0, initial=0) + 1))),
        return_inverse=True,
        return_counts=True,
    )
    size = count.astype(np.float32)
    total = sums(index, confidence[:, None], len(count))
    normal = sums(index, normals, len(count))
    return Patches(
        index=index,
        center=sums(index, points, len(count)) / size[:, None],
        normal=normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6),
        color=np.asarray(sums(index, colors * confidence[:, None], len(count)) / np.maximum(total, 1e-6), np.float32),
        confidence=total[:, 0] / size,
    )


def _spread(patches: Patches) -> NDArray[np.float64]:
    """(P, 3) colours: the observed ones where confidence is high, elsewhere those of the materials around.

    How much of each material there is, is harmonic between the observed patches. What an observed patch differs from
    its material by, mostly shade, fades away from it.
    """
    links, seen = _links(patches), patches.confidence > MIN_SEEN
    fidelity = FIDELITY * np.where(seen, patches.confidence, 0.0).astype(np.float64) ** 2
    found = materials.find(patches.color[seen], patches.confidence[seen])
    label = np.zeros(len(seen), np.int64)
    label[seen] = found.label
    shares = _shares(links, fidelity, np.eye(len(found.color))[label], patches.confidence > CERTAIN) ** SHARPNESS
    difference = fidelity[:, None] * (patches.color - found.color[label])
    total = np.asarray(links.sum(axis=1)).ravel() + fidelity + FADING
    faded = difference / total[:, None]
    for _ in range(FADING_ROUNDS):
        faded = (links @ faded + difference) / total[:, None]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True) @ found.color + faded)


def _shares(
    links: csc_matrix, fidelity: NDArray[np.float64], observed: NDArray[np.float64], certain: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(P, M) shares of the materials, harmonic between the `observed` (P, M), which count by their `fidelity` (P,) and
    stay where they are `certain` (P,)."""
    shares, rest = observed.copy(), ~certain
    mean = np.average(observed, axis=0, weights=fidelity)
    total = np.asarray(links.sum(axis=1)).ravel() + fidelity + PULL
    right = fidelity[:, None] * observed + links[:, certain] @ observed[certain] + PULL * mean
    matrix = csc_matrix(diags(total) - links)[rest][:, rest]
    # The matrix is symmetric and diagonally dominant, so no pivoting is needed.
    factors = splu(
        csc_matrix(matrix), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    shares[rest] = factors.solve(right[rest])
    return shares.clip(0.0)


def _links(patches: Patches) -> csc_matrix:
    """(P, P) symmetric weights of neighbours: larger the nearer and the more level they are, and the more they face the
    same way."""
    one, other = cKDTree(patches.center).query_pairs(REACH * CELL, output_type="ndarray").T
    step = (patches.center[one] - patches.center[other]) / CELL
    squared = np.maximum((step**2).sum(axis=1), 1e-6)
    cosine = np.einsum("nc,nc->n", patches.normal[one], patches.normal[other])
    weight = np.exp(-squared) * ((1.0 + cosine) / 2.0).clip(0.0, 1.0) ** 2
    weight /= 1.0 + UPRIGHT_RESISTANCE * step[:, 2] ** 2 / squared
    one, other, weight = (values[weight > MIN_LINK] for values in (one, other, weight))
    entries = (np.r_[weight, weight].astype(np.float64), (np.r_[one, other], np.r_[other, one]))
    return csc_matrix(coo_matrix(entries, shape=(len(patches.center),) * 2))


def coordinates(positions: Floats, normals: Floats) -> NDArray[np.float64]:
    """(N, 6): positions in cells, and normals, so that the two sides of a thin sheet are far apart."""
    return np.concatenate([positions / CELL, normals * NORMAL_SCALE], axis=1).astype(np.float64)
