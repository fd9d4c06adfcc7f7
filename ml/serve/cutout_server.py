"""A cutout to look at before the job: quick, at most 1024 pixels a side, with advice on the photo.

`python -m ml.serve.cutout_server DESCRIPTOR` is a process that stays warm and answers one photo at a time over the
inherited connection DESCRIPTOR. It loads no torch, keeps nothing, and ends when its other end is closed.
"""

from __future__ import annotations

import io
import json
import sys
import traceback
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.images import WHITE, composite
from ml.errors import ReconstructionError
from ml.photo import background_removal, cutout
from ml.photo.advice import Advice, advise
from ml.photo.decode import MAX_PIXELS, Photo, open_photo

SIDE = 1024
"""Longer side of the answer in pixels: enough to judge an outline, and quick."""


@dataclass(frozen=True)
class QuickCut:
    """`photo`: JPEG of the upright picture. `cutout`: PNG of the same size, transparent where the object is not.

    `scale`: its pixels for each pixel of the original, whose size is `original_size`. `method` and `notes` as in
    `ml.photo.cutout.Cutout`.
    """

    photo: bytes
    cutout: bytes
    size: tuple[int, int]
    original_size: tuple[int, int]
    method: str
    notes: tuple[str, ...]
    advice: tuple[Advice, ...]

    @property
    def scale(self) -> float:
        """At most 1."""
        return max(self.size) / max(self.original_size)


def quick_cut(data: bytes, max_pixels: int = MAX_PIXELS) -> QuickCut:
    """Cut the object out of a photo (its file's bytes). Raises ReconstructionError, as `open_photo` and `find` do."""
    opened = open_photo(data, max_pixels)
    small = _small(opened)
    mask, method, notes = cutout.find(small)
    advice = advise(small, mask, own_transparency=method == cutout.TRANSPARENCY)
    height, width = mask.shape
    return QuickCut(
        photo=_encoded(Image.fromarray(composite(small.pixels, WHITE)), "JPEG", quality=88),
        cutout=_encoded(_cut_out(small.pixels[..., :3], mask), "PNG", compress_level=3),
        size=(width, height),
        original_size=opened.original_size,
        method=method,
        notes=(*opened.notes, *notes),
        advice=advice,
    )


def _small(photo: Photo) -> Photo:
    picture = Image.fromarray(photo.pixels)
    picture.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    return replace(photo, pixels=np.asarray(picture))


def _cut_out(color: NDArray[np.uint8], mask: NDArray[np.float32]) -> Image.Image:
    """RGBA; what nobody sees is black, which packs well."""
    opacity = (mask * 255.0).round().astype(np.uint8)
    visible = np.where(opacity[..., None] > 0, color, np.uint8(0))
    return Image.fromarray(np.dstack([visible, opacity]))


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def main(descriptor: int) -> None:
    """Answer photos until the owner closes the line."""
    line = Connection(descriptor)
    warm_up()
    while True:
        try:
            max_pixels = int(line.recv_bytes())
            for part in answer(line.recv_bytes(), max_pixels):
                line.send_bytes(part)
        except (EOFError, OSError):  # nobody is there any more
            return


def warm_up() -> None:
    """Load the network, if it is there."""
    model = background_removal.model_name()
    if background_removal.weights_file(model).exists():
        background_removal.remove_by_rembg(np.zeros((64, 64, 3), np.uint8), model)


def answer(data: bytes, max_pixels: int) -> tuple[bytes, ...]:
    """What goes over the line: JSON, then the photo and the cutout; JSON alone where there is none."""
    try:
        cut = quick_cut(data, max_pixels)
    except ReconstructionError as error:
        return (_json({"refused": {"code": error.code, "message": error.message}}),)
    except Exception:
        return (_json({"error": traceback.format_exc()}),)
    facts = {name: value for name, value in asdict(cut).items() if name not in ("photo", "cutout")}
    return _json({"done": {**facts, "scale": cut.scale}}), cut.photo, cut.cutout


def _json(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode()


if __name__ == "__main__":
    main(int(sys.argv[1]))
