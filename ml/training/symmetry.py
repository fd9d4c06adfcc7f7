"""How symmetric a sample's object is about each upright plane: what the network's mirror planes are trained on.

It is measured in the rendered sample, not in the mesh, so that it is right after every deformation and augmentation.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import DISTANCE, Camera
from ml.engines.compact.network import GRID, bin_centres
from ml.engines.compact.symmetry import normals

CELLS = 36
"""Cells along each side of the upright grid in which an object is compared with its mirror image."""
HALF_SIDE = 0.9
"""Half the grid's side in scene units."""
OFFSETS = (-1.0, 0.0, 1.0)
"""Planes are tried this many cells beside the middle of the object: cells are coarse, and perspective shifts it."""
LAYERS = 3
"""Cells that are joined along the height, for speed: turning a plane about the vertical changes nothing there."""
SHARE, LEAST, MOST = 0.35, 0.14, 0.2
"""A plane is a mirror plane if the object differs from its mirror image by SHARE of what it does at the worst plane,
within these limits: a thick box differs little even across its corners, a thin sheet by nearly all of itself."""
SLOPE = 0.3
"""Fraction around that limit over which a plane gradually ceases to be one."""


def planes(occupancy: Tensor, silhouette: Tensor, elevation: Tensor) -> Tensor:
    """How far each plane is a mirror plane, (B, ANGLES) in [0, 1].

    occupancy (B, GRID, GRID, BINS), silhouette (B, GRID, GRID) bool, elevation (B,) degrees.
    """
    different = differences(occupancy, silhouette, elevation)
    limit = (SHARE * different.amax(dim=1, keepdim=True)).clamp(LEAST, MOST)
    return ((1.0 + SLOPE - different / limit) / (2.0 * SLOPE)).clamp(0.0, 1.0)


def differences(occupancy: Tensor, silhouette: Tensor, elevation: Tensor) -> Tensor:
    """(B, ANGLES) fractions in [0, 1] of the objects that differ from their mirror images; 0 of an empty picture."""
    columns = upright_grid(occupancy.bool() & silhouette[..., None], elevation).flatten(1, 2)
    filled, total = columns.amax(dim=2) > 0.0, columns.sum(dim=(1, 2)).clamp_min(1e-6)
    best = []
    for normal in normals().to(columns.device):
        middle = _middle(filled, normal)
        apart = [_apart(columns, normal, middle + offset * 2.0 * HALF_SIDE / CELLS) for offset in OFFSETS]
        best.append(torch.stack(apart).amin(dim=0) / (2.0 * total))
    return torch.stack(best, dim=1).clamp_max(1.0)


def upright_grid(occupancy: Tensor, elevation: Tensor) -> Tensor:
    """(B, GRID, GRID, BINS) bool along the rays -> (B, CELLS, CELLS, CELLS / LAYERS) in [0, 1], blurred: x, y and z."""
    sample, row, column, depth_bin = occupancy.nonzero().unbind(dim=1)
    depth = bin_centres().to(occupancy.device)[depth_bin]
    right, down = (((pixel + 0.5) / GRID * 2.0 - 1.0) * (depth + DISTANCE) / Camera().focal for pixel in (column, row))
    angle = torch.deg2rad(elevation)[sample]
    x, z = down * angle.sin() - depth * angle.cos(), -down * angle.cos() - depth * angle.sin()
    index = ((torch.stack([x, right, z]) / HALF_SIDE + 1.0) * (CELLS / 2.0)).long().clamp(0, CELLS - 1)
    grid = torch.zeros(len(occupancy), CELLS, CELLS, CELLS, device=occupancy.device)
    grid[sample, index[0], index[1], index[2]] = 1.0
    return F.avg_pool3d(grid[:, None], (3, 3, LAYERS), stride=(1, 1, LAYERS), padding=(1, 1, 0))[:, 0]


def _positions(device: torch.device) -> Tensor:
    """(CELLS², 2) x and y of the columns."""
    steps = (torch.arange(CELLS, device=device) + 0.5) / CELLS * (2.0 * HALF_SIDE) - HALF_SIDE
    return torch.cartesian_prod(steps, steps)


def _middle(filled: Tensor, normal: Tensor) -> Tensor:
    """(B,) the middle of the object along a normal; `filled` (B, CELLS²)."""
    along = _positions(filled.device) @ normal
    low, high = along.masked_fill(~filled, torch.inf).amin(dim=1), along.masked_fill(~filled, -torch.inf).amax(dim=1)
    return torch.nan_to_num((low + high) / 2.0)


def _apart(columns: Tensor, normal: Tensor, offset: Tensor) -> Tensor:
    """(B,) sum of the differences between columns and their mirror images about the planes at `offset` (B,)."""
    positions = _positions(columns.device)
    away = (positions @ normal)[None] - offset[:, None]
    images = positions[None] - 2.0 * away[..., None] * normal
    cell = ((images / HALF_SIDE + 1.0) * (CELLS / 2.0)).floor().long()
    inside = ((cell >= 0) & (cell < CELLS)).all(dim=2)
    index = (cell[..., 0] * CELLS + cell[..., 1]).clamp(0, CELLS**2 - 1)
    mirrored = columns.gather(1, index[..., None].expand_as(columns)) * inside[..., None]
    return (columns - mirrored).abs().sum(dim=(1, 2))
