"""How far our numbers are from the published code's: `python -m ml.engines.triposr.parity FOLDER NAME [--seed N]`.

FOLDER holds `NAME.npz` (inputs and what the published code makes of them) and either `NAME_config.yaml` and
`NAME_model.ckpt`, or nothing else: then the weights of the published sizes are drawn from a seed. Prints JSON: relative
errors, the norm of the difference over the norm of the published values, all in float32.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import mcubes
import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.engines.triposr import checkpoint, network, render
from ml.engines.triposr.network import Weights
from ml.engines.triposr.scene import TriplaneScene, decoder_layers
from ml.engines.triposr.sizes import Shape, Sizes, checkpoint_shapes

ELEVATION = 10.0
"""Of the recorded cameras, which stand at equal steps around the object."""
Recorded = Mapping[str, NDArray[np.generic]]


def seeded_weights(sizes: Sizes, seed: int) -> dict[str, Tensor]:
    """Weights drawn per name, so that both sides can make the same 419 million numbers without a download."""
    return {name: _draw(name, shape, seed) for name, shape in checkpoint_shapes(sizes).items()}


def _draw(name: str, shape: Shape, seed: int) -> Tensor:
    x = np.random.default_rng(zlib.crc32(name.encode()) ^ seed).standard_normal(shape).astype(np.float32)
    if len(shape) >= 2 and not name.endswith(("cls_token", "position_embeddings", "embeddings")):
        x /= math.sqrt(math.prod(shape[1:]))
    elif "norm" in name and name.endswith("weight"):
        x = 1.0 + np.float32(0.1) * x
    else:
        x *= np.float32(0.05 if len(shape) < 2 else 0.5)
    return torch.from_numpy(x)


def errors(weights: Weights, sizes: Sizes, recorded: Recorded) -> dict[str, float]:
    """Name of a quantity -> its relative error. What comes later is computed from our own scene codes.

    Everything is computed on the device of the weights.
    """
    device = next(iter(weights.values())).device
    picture = torch.from_numpy(np.asarray(recorded["image"], np.float32) / 255.0)[None].to(device)
    tokens = network.image_tokens(weights, sizes, picture)
    codes = network.upsample(weights, sizes, network.backbone(weights, sizes, tokens))
    scene = TriplaneScene(codes[0], decoder_layers(weights))
    found = {
        "image_tokens": _recorded_part(tokens.transpose(1, 2)[:, None], recorded, "image_tokens", "image_token"),
        "scene_codes": _recorded_part(codes, recorded, "scene_codes", "scene_code"),
    }
    return found | _point_errors(scene, recorded) | _view_errors(scene, sizes, recorded) | _grid_errors(scene, recorded)


def _point_errors(scene: TriplaneScene, recorded: Recorded) -> dict[str, float]:
    density, color = scene.density_and_color(_tensor(recorded["points"]).to(scene.planes.device))
    return {
        "density": _relative(density, recorded["density_act"]),
        "color": _relative(color, recorded["color"]),
    }


def _view_errors(scene: TriplaneScene, sizes: Sizes, recorded: Recorded) -> dict[str, float]:
    origins, directions, views = (_tensor(recorded[name]) for name in ("rays_o", "rays_d", "views"))
    count, size = origins.shape[:2]
    ours = [Camera(ELEVATION, 360.0 * index / count).rays(size) for index in range(count)]
    shown = slice(len(views))
    starts, along = (values[shown].view(-1, 3).to(scene.planes.device) for values in (origins, directions))
    pictures = render.dense(scene, starts, along, sizes.samples_per_ray)
    return {
        "ray_origins": _relative(torch.stack([rays[0] for rays in ours]), recorded["rays_o"]),
        "ray_directions": _relative(torch.stack([rays[1] for rays in ours]), recorded["rays_d"]),
        "views": _relative(pictures, recorded["views"]),
    }


def _grid_errors(scene: TriplaneScene, recorded: Recorded) -> dict[str, float]:
    """The density grid, and the surface that marching cubes finds in it, where they are recorded."""
    if "grid_density" not in recorded:
        return {}
    count = len(recorded["grid_density"])
    axis = torch.linspace(-RADIUS, RADIUS, count)
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).view(-1, 3)
    grid = scene.density(points.to(scene.planes.device)).cpu()
    vertices, faces = mcubes.marching_cubes(
        grid.view(count, count, count).numpy(), float(_tensor(recorded["mesh_threshold"]))
    )
    canonical = _tensor(vertices) * (2.0 * RADIUS / (count - 1)) - RADIUS
    colors = (scene.color(canonical) * 255.0).round()
    return {
        "grid_density": _relative(grid, recorded["grid_density"]),
        "mesh_vertices": _relative(canonical, recorded["mesh_vertices"]),
        "mesh_faces_count": float(abs(len(faces) - int(_tensor(recorded["mesh_faces_count"])))),
        "vertex_colors": _relative(colors, recorded["vertex_colors"]),
    }


def _recorded_part(ours: Tensor, recorded: Recorded, whole: str, part: str) -> float:
    """Against the whole array, or where only some values are recorded, against those."""
    if whole in recorded:
        return _relative(ours, recorded[whole])
    index = torch.from_numpy(np.asarray(recorded[f"{part}_index"], np.int64))
    return _relative(ours.cpu().flatten()[index], recorded[f"{part}_value"])


def _relative(ours: Tensor, theirs: NDArray[np.generic]) -> float:
    """Norm of the difference over the norm of theirs; infinite when the sizes differ."""
    a, b = ours.cpu().double().flatten(), _tensor(theirs).double().flatten()
    return float((a - b).norm() / b.norm()) if len(a) == len(b) else math.inf


def _tensor(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))


def measure(folder: Path, name: str, seed: int | None = None) -> dict[str, float]:
    """`errors` for data in a folder; `seed` draws the weights. Raises OSError or ValueError."""
    config = folder / f"{name}_config.yaml"
    sizes = Sizes.from_config(yaml.safe_load(config.read_text())) if config.is_file() else Sizes()
    own = checkpoint.read(folder / f"{name}_model.ckpt", sizes) if seed is None else seeded_weights(sizes, seed)
    with np.load(folder / f"{name}.npz") as archive:
        return errors(own, sizes, dict(archive))


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0 when it ran, whatever the errors are."""
    parser = argparse.ArgumentParser(prog="python -m ml.engines.triposr.parity")
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--seed", type=int, help="draw the weights instead of reading NAME_model.ckpt")
    options = parser.parse_args(arguments)
    try:
        found = measure(options.folder, options.name, options.seed)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
