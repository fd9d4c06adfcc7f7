"""Samples for the shading network: `python -m ml.training.shading.samples OUT [--meshes FOLDER] [--count N]`.

A sample is a picture of an object whose light is known, and the normals that the compact network predicts for it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import torch

from ml.core.camera import DISTANCE, Camera
from ml.core.images import Floats, to_bytes
from ml.core.masks import Mask
from ml.engines.compact.network import GRID, CompactNetwork, encode, load_network
from ml.texture.shading_network import CHANGES, PICTURE
from ml.training import dataset, render
from ml.training.conventions import Sample
from ml.training.meshes import ColoredMesh
from ml.training.render import Light, Seen

MIN_PIXELS = 240
"""Pixels of an object in a usable picture."""
FILL_PROBABILITY, FILL_STRENGTHS = 0.3, (0.1, 0.5)
"""How often there is a second light, and its brightness."""
EXPOSURE = 0.2
"""Standard deviation of the log exposure."""
SMOOTHING = 1.0
"""Standard deviation in pixels of the blur of predicted points before their normals are taken."""


def studio_light(rng: np.random.Generator, up: Floats) -> Light:
    """`render.strong_light` at a random exposure, sometimes with a second light."""
    light = render.strong_light(rng, up)
    exposure = np.float32(np.exp(rng.normal(0.0, EXPOSURE)))
    if rng.random() < FILL_PROBABILITY:
        fill = rng.normal(size=3) + up * 0.5 - np.array([0.0, 0.0, 0.8])
        strength = float(rng.uniform(*FILL_STRENGTHS))
        light = replace(light, fill=(fill / np.linalg.norm(fill)).astype(np.float32), fill_strength=strength)
    return replace(
        light,
        key_color=light.key_color * exposure,
        sky=light.sky * exposure,
        ground=light.ground * exposure,
        fill_strength=light.fill_strength * float(exposure),
    )


def make_sample(
    network: CompactNetwork, mesh: ColoredMesh, rng: np.random.Generator, *, augment: bool = True
) -> Sample | None:
    """A sample of `mesh` from a random view, None if it shows hardly anything: picture (P, P, 3) and cover (P, P)
    uint8, shading (P, P) and change (C, C, 2) of `ml.texture.shading_network.Shading` float16, normals (G, G, 3) int8
    as predicted, in camera space, times 127."""
    seen = dataset.random_view(mesh, rng, augment=augment).see(rng, studio_light)
    picture, cover = render.picture_of(seen)
    if np.count_nonzero(cover > 0.5) < MIN_PIXELS:
        return None
    light = render.diffuse_light(seen).mean(axis=1, keepdims=True)
    return {
        "picture": to_bytes(picture),
        "cover": to_bytes(cover),
        "shading": _mean(seen, np.log(light), PICTURE)[..., 0].astype(np.float16),
        "change": _mean(seen, change(seen, light), CHANGES).astype(np.float16),
        "normals": (predicted_normals(network, picture, cover) * 127.0).astype(np.int8),
    }


def change(seen: Seen, light: Floats) -> Floats:
    """(N, 2) the derivative of the log brightness by the normal, right and up; `light` (N, 1) is that brightness."""
    source, normal = seen.light, seen.normal
    key = ((normal @ source.key)[:, None] > 0.0) * seen.lit * source.key_color.mean() * source.key
    sky = render.ambient_share(seen) * (source.sky - source.ground).mean() / 2.0 * seen.up
    fill = ((normal @ source.fill)[:, None] > 0.0) * source.fill_strength * source.fill
    total = key + sky + fill
    along = total - (total * normal).sum(axis=1, keepdims=True) * normal
    return np.asarray((along / light)[:, :2], np.float32)


def predicted_normals(network: CompactNetwork, picture: Floats, cover: Floats) -> Floats:
    """(G, G, 3) unit normals of the predicted first surface in camera space, 0 outside the object."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].float()
    mask = (torch.from_numpy(cover)[None] > 0.5).float()
    with torch.inference_mode():
        front = network(encode(pixels, mask, exact=network.config.exact_distances)).front[0].float().numpy()
    return normals_of(front, cv2.resize(cover, (GRID, GRID), interpolation=cv2.INTER_AREA) > 0.5)


def normals_of(front: Floats, mask: Mask) -> Floats:
    """(G, G, 3) unit normals towards the camera of depths `front` (G, G) of `Output`; 0 outside the `mask`."""
    step = (np.arange(GRID) + 0.5) / GRID * 2.0 - 1.0
    depth, focal = front + DISTANCE, Camera().focal
    points = np.stack([step[None, :] * depth / focal, -step[:, None] * depth / focal, depth], axis=2)
    weight = mask.astype(np.float32)
    blurred = cv2.GaussianBlur((points * weight[..., None]).astype(np.float32), (0, 0), SMOOTHING)
    smooth = blurred / np.maximum(cv2.GaussianBlur(weight, (0, 0), SMOOTHING), 1e-3)[..., None]
    normal = np.cross(np.gradient(smooth, axis=0), np.gradient(smooth, axis=1))
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-9)
    return np.asarray(normal * np.where(normal[..., 2:] > 0.0, -1.0, 1.0) * weight[..., None], np.float32)


def _mean(seen: Seen, values: Floats, side: int) -> Floats:
    """(side, side, C) means over the samples that show the object; 0 where none does."""
    block = (side, seen.size // side, side, seen.size // side, -1)
    total = render.on_grid(seen, values).reshape(block).sum(axis=(1, 3))
    count = render.on_grid(seen, np.ones((len(values), 1), np.float32)).reshape(block).sum(axis=(1, 3))
    return np.asarray(total / np.maximum(count, 1.0), np.float32)


def main(arguments: list[str] | None = None) -> None:
    torch.set_num_threads(1)
    dataset.write(dataset.parser(__doc__).parse_args(arguments), partial(make_sample, load_network()))


if __name__ == "__main__":
    main()
