"""Pictures and targets of posed batches: the renderer of `ml.training.render`, for many objects at once on a device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.engines.compact.network import BINS, GRID, PICTURE, REACH, bin_centres
from ml.training.conventions import (
    GAMMA,
    HIT_STEP,
    MIN_AMBIENT,
    MIN_PIXELS,
    SHADOW_STRENGTH,
    SHARP_COSINES,
    SHARP_PROBABILITIES,
    SHEET_THICKNESS,
    SURFACE_OFFSET,
)
from ml.training.gpu import materials
from ml.training.gpu.meshes import MeshBatch, PosedBatch
from ml.training.gpu.ray_casting import NO_HIT, all_hits, inside_after, nearest_hits, occluded
from ml.training.gpu.triangles import Triangles, prepare

SUPERSAMPLING = 2
"""Rays per pixel and axis."""
SKY_RAYS = 4
"""Rays per pixel that estimate how much of the sky a point sees."""
SKY_SPREAD = 0.98
"""Length of the random vector that is added to the normal: below 1, so that no ray goes into the surface."""
LAYERS = 12
"""Surfaces along one ray that are kept; the objects of the training set rarely have more."""


@dataclass(frozen=True)
class Rendered:
    """Training samples of B objects, as `ml.training.dataset.make_sample` describes them, as tensors.

    `picture` (B, P, P, 3) uint8 sRGB; `cover` (B, P, P) uint8; `occupancy` (B, G, G) int64, bit k is bin k;
    `depths` (B, G, G, 3) float16, NaN outside; `back` (B, G, G, 3) uint8; `angles` (B, 3): elevation, fov, azimuth.
    `valid` (B,): the view shows enough of the object and all of it fits into the bins.
    """

    picture: Tensor
    cover: Tensor
    occupancy: Tensor
    depths: Tensor
    back: Tensor
    angles: Tensor
    valid: Tensor


@dataclass(frozen=True)
class Light:
    """One light a picture, in camera space, colours linear: see `ml.training.render.Light`. All (B, 3) or (B,)."""

    key: Tensor
    key_color: Tensor
    sky: Tensor
    ground: Tensor
    shine: Tensor
    gloss: Tensor


def render(batch: MeshBatch, objects: Tensor, posed: PosedBatch, random: torch.Generator) -> Rendered:
    """Samples of a posed batch; `objects` (B, V, 3) are its vertices in the objects' own frames, for patterns."""
    corners = batch.corners(posed.vertices).flip(2)
    triangles = prepare(corners)
    occupancy, depths, back = cast_targets(triangles, posed, batch.colors)
    picture, cover = draw(triangles, batch, objects, posed, random)
    backdrop = materials.random_colors(len(picture), random)[:, None, None]
    picture = picture * cover[..., None] + backdrop * (1.0 - cover[..., None])
    seen = depths[..., 0].isfinite()
    farthest = torch.where(seen[..., None], depths, 0.0).abs().amax(dim=(1, 2, 3))
    return Rendered(
        picture=_bytes(picture),
        cover=_bytes(cover),
        occupancy=occupancy,
        depths=depths.half(),
        back=_bytes(back),
        angles=torch.stack([posed.elevation, posed.fov, posed.azimuth], dim=1),
        valid=(seen.sum(dim=(1, 2)) >= MIN_PIXELS) & (farthest <= REACH),
    )


def pixel_rays(size: int, focal: Tensor) -> Tensor:
    """(B, size², 3) directions of unit depth through the pixel centres, row by row from the top left."""
    steps = (torch.arange(size, device=focal.device) + 0.5) / size * 2.0 - 1.0
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    flat = torch.stack([x.flatten(), -y.flatten()], dim=1)[None] / focal[:, None, None]
    return torch.cat([flat, torch.ones_like(flat[..., :1])], dim=-1)


def cast_targets(triangles: Triangles, posed: PosedBatch, colors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Packed occupancy, depths and back colours of `Rendered`, the colours as floats."""
    directions = pixel_rays(GRID, posed.focal)
    distances, faces = all_hits(triangles, torch.zeros_like(directions), directions, LAYERS, HIT_STEP)
    inside = inside_after(triangles, directions, faces)
    offsets = (distances - posed.distance[:, None, None]) * posed.to_canonical[:, None, None]
    count = (faces != NO_HIT).sum(dim=-1)
    last = (count - 1).clamp_min(0)[..., None]
    half = SHEET_THICKNESS / 2.0
    front, back = offsets[..., 0], offsets.gather(-1, last)[..., 0]
    end = offsets.gather(-1, inside.logical_not().int().argmax(dim=-1, keepdim=True))[..., 0]
    depths = torch.stack([front - half, torch.maximum(end, front) + half, back + half], dim=-1)
    hit = count > 0
    depths = torch.where(hit[..., None], depths, torch.nan)
    last_face = faces.gather(-1, last)[..., 0].clamp_min(0)
    back_color = torch.gather(colors, 1, last_face[..., None].expand(-1, -1, 3)) * hit[..., None]
    shape = (len(directions), GRID, GRID)
    return _packed(offsets, inside).view(shape), depths.view(*shape, 3), back_color.view(*shape, 3)


def _packed(offsets: Tensor, inside: Tensor) -> Tensor:
    """(B, N) int64: bit k is set where bin k is filled, by the rule of `ml.training.render.filled_bins`."""
    centres, half = bin_centres().to(offsets.device), max(SHEET_THICKNESS, REACH / BINS)
    filled = torch.zeros(*offsets.shape[:2], BINS, dtype=torch.bool, device=offsets.device)
    for layer in range(offsets.shape[-1]):
        start = offsets[..., layer, None]
        stop = offsets[..., layer + 1, None] if layer + 1 < offsets.shape[-1] else start
        stop = torch.where(inside[..., layer, None] & stop.isfinite(), stop, start)
        filled |= (centres >= start - half) & (centres <= stop + half)
    bits = torch.ones((), dtype=torch.int64, device=offsets.device) << torch.arange(BINS, device=offsets.device)
    return (filled * bits).sum(dim=-1)


def corner_normals(batch: MeshBatch, corners: Tensor, sharp: Tensor) -> Tensor:
    """(B, F, 3, 3) normals at the corners: smooth where the surface bends gently, the face's own at sharp edges.

    `sharp` (B,): cosine between the two below which an edge is sharp.
    """
    flat = _unit(torch.linalg.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]))
    total = torch.zeros(*batch.used.shape, 3, device=corners.device)
    index = batch.faces.flip(2)
    for corner in range(3):
        total.scatter_add_(1, index[:, :, corner, None].expand(-1, -1, 3), flat)
    rows = torch.arange(len(total), device=total.device)[:, None, None]
    smooth = _unit(total)[rows, index]
    gentle = (smooth * flat[:, :, None]).sum(-1, keepdim=True) > sharp[:, None, None, None]
    return torch.where(gentle, smooth, flat[:, :, None])


def draw(
    triangles: Triangles, batch: MeshBatch, objects: Tensor, posed: PosedBatch, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Pictures (B, P, P, 3) sRGB on black, not premultiplied at their edges, and coverage (B, P, P)."""
    size = PICTURE * SUPERSAMPLING
    directions = pixel_rays(size, posed.focal)
    origins = torch.zeros_like(directions)
    distance, face = nearest_hits(triangles, origins, directions, origins[..., 0])
    hit, number = face != NO_HIT, face.clamp_min(0)
    points = directions * torch.where(hit, distance, 0.0)[..., None]
    corners = batch.corners(posed.vertices).flip(2)
    style = materials.choice(SHARP_PROBABILITIES, len(points), random)
    sharp = torch.tensor(SHARP_COSINES, device=points.device)[style]
    weights = _barycentric(corners, number, points)
    normal = _towards_camera(_blend(corner_normals(batch, corners, sharp), number, weights), directions)
    flat = _towards_camera(_at(_unit(triangles.normals), number), directions)
    base = _at(batch.colors, number)
    albedo = materials.paint(base, _blend(batch.corners(objects).flip(2), number, weights), random) ** GAMMA
    shaded = _shade(triangles, points + flat * SURFACE_OFFSET, normal, directions, albedo, posed, hit, random)
    picture = shaded.clamp(0.0, 1.0) ** (1.0 / GAMMA) * hit[..., None]
    return _halved(picture.view(-1, size, size, 3), hit.view(-1, size, size).float())


def random_lights(up: Tensor, random: torch.Generator) -> Light:
    """Key lights from above or the side, tinted skies, darker grounds, some highlights; `up` (B, 3) in camera space."""
    count, uniform = len(up), materials.uniform_on(random)
    side = torch.randn(count, 3, generator=random, device=up.device) + up * uniform((count, 1), 0.3, 1.8)
    side[:, 2] -= uniform((count,), 0.0, 1.2)
    warm = torch.cat([torch.ones(count, 1, device=up.device), uniform((count, 1), 0.86, 1.0)], dim=1)
    warm = torch.cat([warm, uniform((count, 1), 0.72, 1.0)], dim=1)
    tint = torch.cat([uniform((count, 1), 0.85, 1.0), uniform((count, 1), 0.92, 1.0)], dim=1)
    sky = torch.cat([tint, torch.ones(count, 1, device=up.device)], dim=1) * uniform((count, 1), 0.3, 0.8)
    shiny = uniform((count,), 0.0, 1.0) < 0.5
    return Light(
        key=_unit(side),
        key_color=warm * uniform((count, 1), 0.25, 1.4),
        sky=sky,
        ground=sky * uniform((count, 1), 0.25, 0.8),
        shine=torch.where(shiny, uniform((count,), 0.05, 1.2), 0.0),
        gloss=uniform((count,), 8.0, 120.0),
    )


def _shade(
    triangles: Triangles,
    points: Tensor,
    normal: Tensor,
    directions: Tensor,
    albedo: Tensor,
    posed: PosedBatch,
    hit: Tensor,
    random: torch.Generator,
) -> Tensor:
    """Lambert with shadow, hemisphere sky with ambient occlusion, Blinn-Phong highlight; linear colours (B, N, 3)."""
    height = torch.deg2rad(posed.elevation)
    up = torch.stack([torch.zeros_like(height), height.cos(), -height.sin()], dim=1)
    light = random_lights(up, random)
    key = light.key[:, None].expand_as(points)
    lit = 1.0 - occluded(triangles, points, key, hit)[..., None].float() * SHADOW_STRENGTH
    diffuse = (normal * key).sum(-1, keepdim=True).clamp_min(0.0) * lit
    facing_up = (normal * up[:, None]).sum(-1, keepdim=True) * 0.5 + 0.5
    open_sky = _open_sky(triangles, points, normal, hit, random)
    ambient = (light.sky[:, None] * facing_up + light.ground[:, None] * (1.0 - facing_up)) * (
        MIN_AMBIENT + (1.0 - MIN_AMBIENT) * open_sky
    )
    half = _unit(key - _unit(directions))
    shine = (normal * half).sum(-1, keepdim=True).clamp_min(0.0) ** light.gloss[:, None, None] * lit
    return albedo * (diffuse * light.key_color[:, None] + ambient) + (
        light.shine[:, None, None] * shine * light.key_color[:, None]
    )


def _open_sky(triangles: Triangles, points: Tensor, normal: Tensor, hit: Tensor, random: torch.Generator) -> Tensor:
    """(B, N, 1) share of the sky that a point sees, estimated once a pixel and smoothed over its neighbours."""
    size = PICTURE * SUPERSAMPLING
    some = (slice(None), slice(None, None, SUPERSAMPLING), slice(None, None, SUPERSAMPLING))
    start = points.view(-1, size, size, 3)[some].reshape(len(points), -1, 3)
    outward = normal.view(-1, size, size, 3)[some].reshape(len(points), -1, 3)
    seen = hit.view(-1, size, size)[some].flatten(1)
    free = torch.zeros_like(start[..., 0])
    for _ in range(SKY_RAYS):
        scattered = torch.randn(start.shape, generator=random, device=start.device)
        free += 1.0 - occluded(triangles, start, _unit(outward + _unit(scattered) * SKY_SPREAD), seen).float()
    covered = seen.view(-1, 1, PICTURE, PICTURE).float()
    free = free.view(-1, 1, PICTURE, PICTURE) / SKY_RAYS * covered
    smooth = F.avg_pool2d(free, 3, 1, 1) / F.avg_pool2d(covered, 3, 1, 1).clamp_min(1e-3)
    smooth = torch.where(F.avg_pool2d(covered, 3, 1, 1) > 0.0, smooth, 1.0)
    return F.interpolate(smooth, scale_factor=SUPERSAMPLING, mode="nearest").view(len(points), -1, 1)


def _barycentric(corners: Tensor, face: Tensor, points: Tensor) -> Tensor:
    """(B, N, 3) weights of the three corners of each point's face."""
    first, second, third = _at(corners.flatten(2), face).view(*face.shape, 3, 3).unbind(dim=2)
    edge1, edge2, inner = second - first, third - first, points - first
    d11, d12, d22 = (edge1 * edge1).sum(-1), (edge1 * edge2).sum(-1), (edge2 * edge2).sum(-1)
    p1, p2 = (inner * edge1).sum(-1), (inner * edge2).sum(-1)
    scale = 1.0 / (d11 * d22 - d12 * d12).clamp_min(1e-20)
    v, w = (d22 * p1 - d12 * p2) * scale, (d11 * p2 - d12 * p1) * scale
    return torch.stack([1.0 - v - w, v, w], dim=-1).clamp(0.0, 1.0)


def _at(values: Tensor, face: Tensor) -> Tensor:
    """(B, F, K) values of the faces, (B, N) faces -> (B, N, K)."""
    return values.gather(1, face[..., None].expand(-1, -1, values.shape[-1]))


def _blend(corner_values: Tensor, face: Tensor, weights: Tensor) -> Tensor:
    """(B, F, 3, 3) values at the corners -> (B, N, 3) values inside the faces."""
    corners = _at(corner_values.flatten(2), face).view(*face.shape, 3, 3)
    return (corners * weights[..., None]).sum(dim=2)


def _towards_camera(normals: Tensor, directions: Tensor) -> Tensor:
    away = (normals * directions).sum(-1, keepdim=True) > 0
    return _unit(torch.where(away, -normals, normals))


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors, dim=-1, eps=1e-9)


def _halved(picture: Tensor, cover: Tensor) -> tuple[Tensor, Tensor]:
    """Averaged over the rays of each pixel; colours over the covered part only."""
    weight = F.avg_pool2d(cover[:, None], SUPERSAMPLING)
    total = F.avg_pool2d(picture.permute(0, 3, 1, 2), SUPERSAMPLING)
    return (total / weight.clamp_min(1e-6)).permute(0, 2, 3, 1), weight[:, 0]


def _bytes(values: Tensor) -> Tensor:
    return (values * 255.0 + 0.5).clamp(0.0, 255.0).to(torch.uint8)
