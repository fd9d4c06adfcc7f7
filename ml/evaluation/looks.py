"""How models look from all sides: `python -m ml.evaluation --looks`. The protocol is in docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ml.core.camera import Camera
from ml.core.images import Floats, bilinear, to_bytes, to_linear
from ml.core.masks import Mask
from ml.engines.compact.network import load_network
from ml.evaluation import score, sets, similarity, standard_models, steps, topology, true_colors
from ml.evaluation.single_photo import VIEW_SEED, Figures, render_cutout, table
from ml.evaluation.standard_models import photo_figures
from ml.evaluation.steps import ALL, Steps
from ml.mesh import repair
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays
from ml.photo.cutout import Cutout
from ml.render import mesh_renderer
from ml.render.mesh_renderer import Picture
from ml.scene.protocol import Scene
from ml.texture.bake import TexturedMesh
from ml.training import materials, posing
from ml.training.meshes import ColoredMesh

AZIMUTHS = tuple(range(0, 360, 45))
"""Views in degrees from the photo's side; those less than 90° away are the observed half."""
ELEVATION = 15.0
DISTANCE = 3.7
"""Of the camera from objects whose longest side is 2, so that hardly any view is cut off."""
SIZE = 128
"""Pixels of a view, as many as the network reads."""
GRID, FACES, TEXTURE = 128, 20_000, 512
"""Cells per axis, triangles and texels of the models whose views are compared: enough for views of that size."""
FINE_DETAIL = 0.025
"""Standard deviation, as a fraction of the picture, of the blur that fine detail is the difference to."""
MAX_TRUE_GHOST = 0.1
"""Correlation of an object's own front and back above which it has a mirror plane across the view."""
INNER = 0.02
"""Width, as a fraction of the picture, of the band at the silhouette that does not count as front or back."""
BOXES = 8
"""Generated boxes whose faces are measured."""
MIN_PIXELS = 100
"""Pixels below which two pictures share too little to compare."""


Views = tuple[similarity.Similarity, ...]
"""One for each of AZIMUTHS."""


@dataclass(frozen=True)
class Look:
    """Figures of one object. `views`: a similarity for each of AZIMUTHS; `true_colors`: the same for its shape in the
    true colours. `ghost`: None for an object whose own front and back are alike."""

    name: str
    views: Views
    true_colors: Views
    ghost: float | None
    albedo_error: float
    genus: int
    true_genus: int
    components: int


@dataclass(frozen=True)
class PaintedObject:
    """A coloured mesh and the seed of its pattern; `posed` as the photo's camera sees it, `cutout` that photo."""

    mesh: ColoredMesh
    posed: posing.PosedMesh
    cutout: Cutout
    azimuth: float
    seed: int

    def albedo(self, faces: np.ndarray, weights: Floats) -> Floats:
        """(N, 3) sRGB of the mesh's `faces` (N,) at barycentric `weights` (N, 3), as `render.see` paints them."""
        corners = self.mesh.vertices[self.mesh.faces[faces]]
        points = np.einsum("nk,nkc->nc", weights, corners).astype(np.float32)
        return materials.paint(self.mesh.colors[faces], points, np.random.default_rng(self.seed))

    def turned(self) -> Floats:
        """(V, 3) the mesh's vertices as the views show them: the photo's camera at azimuth 0, longest side 2."""
        return score.normalized(self.mesh.vertices @ score.yaw_rotation(-self.azimuth).T)


def evaluate(objects: Iterable[ColoredMesh], pictures: Path | None, taken: Steps = ALL) -> Figures:
    """Figures of painted objects against the truth, and those of the photos in a folder that need no truth."""
    found = [_look(number, mesh, taken) for number, mesh in enumerate(objects)]
    figures: Figures = {"objects": {"compact": summary(found)}}
    flat = [standard_models.box_flatness(number, box, taken) for number, box in enumerate(sets.boxes(BOXES))]
    figures["boxes"] = {"compact": {"flat": round(float(np.mean(flat)), 3), "flat_worst": round(min(flat), 3)}}
    if pictures:
        paths = standard_models.photos(pictures)
        figures["photos"] = {path.stem: photo_figures(standard_models.read(path), taken) for path in paths}
        columns = next(iter(figures["photos"].values()))
        rows = figures["photos"].values()
        figures["photos"]["median"] = {key: float(np.median([row[key] for row in rows])) for key in columns}
    for title, rows_of in figures.items():
        print(f"\n{title}\n\n{table(rows_of)}", flush=True)
    return figures


def summary(looks: list[Look]) -> dict[str, float]:
    """Means over objects and views; of the genus, and of what it has beyond the true shape's, the median."""
    figures: dict[str, float] = {"objects": len(looks)}
    figures |= _means("observed", [look.views for look in looks], observed=True)
    figures |= _means("unobserved", [look.views for look in looks], observed=False)
    figures |= _means("true_colors", [look.true_colors for look in looks], observed=False)
    ghosts = [look.ghost for look in looks if look.ghost is not None]
    return figures | {
        "ghost": round(float(np.mean(ghosts)), 3) if ghosts else 0.0,
        "albedo_error": round(float(np.mean([look.albedo_error for look in looks])), 4),
        "genus": float(np.median([look.genus for look in looks])),
        "true_genus": float(np.median([look.true_genus for look in looks])),
        "extra_genus": float(np.median([look.genus - look.true_genus for look in looks])),
        "components": round(float(np.mean([look.components for look in looks])), 2),
    }


def _means(title: str, objects: list[Views], *, observed: bool) -> dict[str, float]:
    """Each similarity's mean over the views less than 90° away from the photo's, or over all others."""
    near = [azimuth < 90 or azimuth > 270 for azimuth in AZIMUTHS]
    views = [view for one in objects for view, is_near in zip(one, near, strict=True) if is_near == observed]
    names = ("psnr", "ssim", "perceptual")
    return {f"{title}_{name}": round(float(np.mean([getattr(view, name) for view in views])), 4) for name in names}


def paint(mesh: ColoredMesh, seed: int) -> PaintedObject:
    """`mesh` in a seeded pattern, and its photo from a seeded side in seeded light."""
    azimuth, elevation, _ = posing.random_angles(np.random.default_rng(seed))
    posed = posing.pose(mesh.vertices, mesh.faces, azimuth, elevation)
    cutout = render_cutout(mesh, posed, Caster(posed.vertices, posed.faces), np.random.default_rng(seed))
    return PaintedObject(mesh, posed, cutout, azimuth, seed)


def _look(number: int, mesh: ColoredMesh, taken: Steps) -> Look:
    example = paint(mesh, VIEW_SEED + number)
    scene = steps.infer(example.cutout, taken)
    surface = repair.finish(steps.surface(scene, GRID, taken), FACES)
    model = steps.textured(surface, scene, example.cutout, TEXTURE, taken)
    ideal = true_colors.painted(model, example.turned(), mesh.faces, example.albedo)
    truth = list(true_views(example))
    measured = topology.measure(surface.vertices, surface.faces)
    return Look(
        name=mesh.name,
        views=_compared(model, truth),
        true_colors=_compared(ideal, truth),
        ghost=_ghost(model, scene, example),
        albedo_error=_albedo_error(model, scene, example),
        genus=measured.genus,
        true_genus=topology.true_genus(mesh.vertices, mesh.faces),
        components=measured.components,
    )


def _compared(model: TexturedMesh, truth: list[Picture]) -> Views:
    network = load_network()
    return tuple(similarity.compare(network, *pair) for pair in zip(model_views(model), truth, strict=True))


def model_views(model: TexturedMesh) -> Iterator[Picture]:
    """Views of the model without shading, its bounding box centred and its longest side 2."""
    vertices = score.normalized(model.mesh.vertices)
    moved = replace(model, mesh=Mesh(vertices, model.mesh.faces, model.mesh.normals))
    prepared = mesh_renderer.prepare(moved)
    for azimuth in AZIMUTHS:
        yield mesh_renderer.render(prepared, Camera(ELEVATION, float(azimuth), DISTANCE), SIZE, shaded=False)


def true_views(example: PaintedObject) -> Iterator[Picture]:
    """The same views of the true object in its own colours, without light."""
    caster = Caster(example.turned(), example.mesh.faces)
    for azimuth in AZIMUTHS:
        origins, directions = camera_rays(Camera(ELEVATION, float(azimuth), DISTANCE), SIZE * 2)
        hits = caster.first_hits(origins, directions)
        hit = np.flatnonzero(hits.face >= 0)
        samples = np.zeros((len(hits.face), 4), np.float32)
        samples[hit, :3], samples[hit, 3] = example.albedo(hits.face[hit], hits.weights[hit]), 1.0
        yield _halved(samples.reshape(SIZE * 2, SIZE * 2, 4))


def _halved(samples: Floats) -> Picture:
    """Premultiplied (2 S, 2 S, 4) -> (S, S, 4) uint8 with straight alpha."""
    mean = cv2.resize(samples, (samples.shape[1] // 2, samples.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return to_bytes(np.concatenate([mean[..., :3] / np.maximum(mean[..., 3:], 1e-6), mean[..., 3:]], axis=2))


def _ghost(model: TexturedMesh, scene: Scene, example: PaintedObject) -> float | None:
    """Correlation of the fine detail of the model's back with the photo's, along the photo's rays."""
    size = SIZE * 2
    photo = cv2.resize(example.cutout.rgba[..., :3], (size, size), interpolation=cv2.INTER_AREA).mean(axis=2)
    true_front, true_back = _true_front_and_back(example, size)
    if abs(_detail_correlation(true_front, true_back)) > MAX_TRUE_GHOST:
        return None
    origins, directions = camera_rays(scene.camera, size)
    back = _back_of_model(model, origins, directions).reshape(size, size)
    front = np.where(np.isfinite(back), photo / np.float32(255.0), np.nan).astype(np.float32)
    return _detail_correlation(front, back)


def _true_front_and_back(example: PaintedObject, size: int) -> tuple[Floats, Floats]:
    """(S, S) grey values of the true object's first and last surface along the photo's rays; NaN where it is not."""
    caster = Caster(example.posed.vertices, example.posed.faces)
    _, directions = camera_rays(Camera(fov=example.posed.fov), size)
    local = directions @ Camera().axes().numpy().T
    near = caster.first_hits(np.zeros_like(local), local.astype(np.float32))
    far = caster.first_hits((local * np.float32(2.0 * example.posed.distance)).astype(np.float32), -local)
    front, back = (_grey(example, hits.face, hits.weights).reshape(size, size) for hits in (near, far))
    return front, back


def _grey(example: PaintedObject, face: np.ndarray, weights: Floats) -> Floats:
    values = np.full(len(face), np.nan, np.float32)
    hit = np.flatnonzero(face >= 0)
    # `posed` has the opposite winding, so its corners are in reverse order.
    values[hit] = example.albedo(face[hit], weights[hit][:, ::-1]).mean(axis=1)
    return values


def _back_of_model(model: TexturedMesh, origins: Floats, directions: Floats) -> Floats:
    """(N,) grey values of the last surface that each ray hits; NaN for none."""
    prepared = mesh_renderer.prepare(model)
    start = origins + directions * np.float32(2.0 * np.linalg.norm(origins[0]))
    hits = prepared.caster.first_hits(start.astype(np.float32), -directions)
    hit = np.flatnonzero(hits.face >= 0)
    texel = np.einsum("nk,nkc->nc", hits.weights[hit], prepared.texel[hits.face[hit]])
    values = np.full(len(hits.face), np.nan, np.float32)
    values[hit] = bilinear(model.texture, texel[:, 0], texel[:, 1]).mean(axis=1) / 255.0
    return values


def _detail_correlation(one: Floats, other: Floats) -> float:
    """Correlation of two (S, S) pictures' fine detail where both are known, away from the edge of that region."""
    known = np.isfinite(one) & np.isfinite(other)
    width = 2 * round(INNER * len(one)) + 1
    inner = cv2.erode(known.astype(np.uint8), np.ones((width, width), np.uint8)) > 0
    if int(inner.sum()) < MIN_PIXELS:
        return 0.0
    first, second = (_fine_detail(picture, known)[inner] for picture in (one, other))
    spread = float(first.std() * second.std())
    return float(((first - first.mean()) * (second - second.mean())).mean()) / spread if spread > 1e-7 else 0.0


def _fine_detail(picture: Floats, known: Mask) -> Floats:
    sigma = FINE_DETAIL * len(picture)
    values = np.where(known, picture, 0.0).astype(np.float32)
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma)
    return np.asarray(values - cv2.GaussianBlur(values, (0, 0), sigma) / np.maximum(weight, 1e-6), np.float32)


def _albedo_error(model: TexturedMesh, scene: Scene, example: PaintedObject) -> float:
    """Relative error of the colours that the photo shows, in linear light, after the best gain for the whole object.

    As in Grosse et al., "Ground truth dataset and baseline evaluations for intrinsic image algorithms" (ICCV 2009).
    """
    size = SIZE * 2
    ours = mesh_renderer.render(mesh_renderer.prepare(model), scene.camera, size, shaded=False)
    caster = Caster(example.posed.vertices, example.posed.faces)
    _, directions = camera_rays(Camera(fov=example.posed.fov), size)
    local = (directions @ Camera().axes().numpy().T).astype(np.float32)
    hits = caster.first_hits(np.zeros_like(local), local)
    both = np.flatnonzero((hits.face >= 0) & (ours[..., 3].ravel() > 250))
    if len(both) < MIN_PIXELS:
        return 0.0
    truth = to_linear(example.albedo(hits.face[both], hits.weights[both][:, ::-1]))
    painted = to_linear(ours[..., :3].reshape(-1, 3)[both] / np.float32(255.0))
    gain = float((truth * painted).sum() / max(float((painted * painted).sum()), 1e-9))
    return float(np.sqrt(((gain * painted - truth) ** 2).mean() / max(float((truth**2).mean()), 1e-9)))
