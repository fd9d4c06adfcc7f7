"""The nearest hit as one kernel in Triton, which comes with torch for CUDA: nothing but the result reaches memory.

The same arithmetic as `ray_casting._nearest`. Only imported where Triton is there.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from ml.training.gpu.triangles import EDGE, Triangles

RAYS, FACES = 64, 32
"""Rays of a program, and faces that it compares with them at a time: 16 tests per thread."""
MOST_TESTS = 1 << 40
"""In one launch: as many as there are."""
NO_AREA = 1e-12
"""A ray with less than this towards a face's normal is parallel to it, or the face has no area."""


@triton.jit  # type: ignore[untyped-decorator]
def _vector(base, rows, mask, COLUMNS: tl.constexpr, FIRST: tl.constexpr):  # type: ignore[no-untyped-def]
    """Three consecutive columns of the given rows."""
    start = base + rows * COLUMNS + FIRST
    return (
        tl.load(start, mask=mask, other=0.0),
        tl.load(start + 1, mask=mask, other=0.0),
        tl.load(start + 2, mask=mask, other=0.0),
    )


@triton.jit
def _dots(x, y, z, a, b, c):  # type: ignore[no-untyped-def]
    """(R,) × 3 and (F,) × 3 -> (R, F) dot products."""
    return x[:, None] * a[None, :] + y[:, None] * b[None, :] + z[:, None] * c[None, :]


@triton.jit  # type: ignore[untyped-decorator]
def _kernel(  # type: ignore[no-untyped-def]
    origins, directions, after, normals, offsets, first, second, counts, distances, faces,
    ray_count, face_count, LIMIT: tl.constexpr, PARALLEL: tl.constexpr,
    RAYS: tl.constexpr, FACES: tl.constexpr,
):  # fmt: skip
    """The nearest hit so far is kept for each ray and lane of faces; lanes are only compared at the end."""
    batch = tl.program_id(1).to(tl.int64)
    ray = tl.program_id(0) * RAYS + tl.arange(0, RAYS)
    real = ray < ray_count
    row = batch * ray_count + ray
    ox, oy, oz = _vector(origins, row, real, 3, 0)
    dx, dy, dz = _vector(directions, row, real, 3, 0)
    mx, my, mz = oy * dz - oz * dy, oz * dx - ox * dz, ox * dy - oy * dx
    least = tl.load(after + row, mask=real, other=float("inf"))
    nearest = tl.full((RAYS, FACES), float("inf"), tl.float32)
    face = tl.full((RAYS, FACES), 2147483647, tl.int32)
    end = tl.where(tl.min(least, axis=0) < float("inf"), tl.load(counts + batch), 0)
    for start in range(0, end, FACES):
        number = start + tl.arange(0, FACES)
        some = number < end
        at = batch * face_count + number
        nx, ny, nz = _vector(normals, at, some, 3, 0)
        facing = -_dots(dx, dy, dz, nx, ny, nz)
        usable = (tl.abs(facing) >= PARALLEL) & some[None, :]
        scale = 1.0 / tl.where(usable, facing, 1.0)
        a, b, c = _vector(first, at, some, 6, 0)
        d, e, f = _vector(first, at, some, 6, 3)
        u = (_dots(mx, my, mz, a, b, c) + _dots(dx, dy, dz, d, e, f)) * scale
        a, b, c = _vector(second, at, some, 6, 0)
        d, e, f = _vector(second, at, some, 6, 3)
        v = (_dots(mx, my, mz, a, b, c) + _dots(dx, dy, dz, d, e, f)) * scale
        offset = tl.load(offsets + at, mask=some, other=0.0)[None, :]
        distance = (_dots(ox, oy, oz, nx, ny, nz) - offset) * scale
        inside = usable & (u >= LIMIT) & (v >= LIMIT) & (u + v <= 1.0 - LIMIT) & (distance > least[:, None])
        closer = inside & (distance < nearest)
        nearest = tl.where(closer, distance, nearest)
        face = tl.where(closer, number[None, :], face)
    best = tl.min(nearest, axis=1)
    found = tl.min(tl.where(nearest == best[:, None], face, 2147483647), axis=1)
    tl.store(distances + row, best, mask=real)
    tl.store(faces + row, tl.where(best < float("inf"), found, -1), mask=real)


def nearest(triangles: Triangles, origins: Tensor, directions: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """`ray_casting._nearest`."""
    batch, rays, _ = origins.shape
    tables = (triangles.normals, triangles.offsets, triangles.first, triangles.second)
    inputs = [values.contiguous().float() for values in (origins, directions, after, *tables)]
    distances = torch.empty(batch, rays, device=origins.device)
    faces = torch.empty(batch, rays, device=origins.device, dtype=torch.int32)
    grid = (triton.cdiv(rays, RAYS), batch)
    _kernel[grid](
        *inputs, triangles.counts, distances, faces, rays, triangles.offsets.shape[1],
        LIMIT=EDGE, PARALLEL=NO_AREA, RAYS=RAYS, FACES=FACES,
    )  # fmt: skip
    return distances, faces.long()
