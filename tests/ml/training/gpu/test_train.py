"""A whole run at a tiny size, on every device that is there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.engines.compact.network import CompactNetwork, load_network
from ml.training import train as loop
from ml.training.conventions import is_held_out
from ml.training.diversity import by_diversity
from ml.training.gpu import pack, train
from ml.training.meshes import ColoredMesh
from ml.training.shapes.parts import box
from tests.ml.training.primitives import joined

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
ROOT = Path(__file__).resolve().parents[4]
GREY = np.full(3, 0.5, np.float32)
SMALL = replace(loop.NETWORK, widths=(16, 32, 64), layers=1, features=16)


def boxes(held: bool, count: int) -> list[ColoredMesh]:
    """Boxes of different shapes whose names are held out, or not."""
    names = (f"box_{number}" for number in range(1000))
    chosen = [name for name in names if is_held_out(name) == held][:count]
    return [joined(box(GREY, (2.0, 0.5 + 0.3 * n, 1.0)), name=name) for n, name in enumerate(chosen)]


@pytest.mark.slow
@pytest.mark.parametrize("device", DEVICES)
def test_a_run_learns_reports_and_writes_weights(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack.write(tmp_path / "pack.npz", boxes(False, 4), boxes(True, 2))
    run = loop.Settings(
        folder=tmp_path, network=SMALL, weights=Path(), steps=12, batch=4, rate=4e-3, report_every=3600.0, device=device
    )
    settings = train.Settings(
        tmp_path / "pack.npz",
        run,
        render=4,
        first=4,
        reuse=12.0,
        capacity=16,
        out=tmp_path / "out.safetensors",
        kernel="triton" if device == "cuda" else "plain",
    )
    state = train.train(settings)
    entry = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert entry["step"] == state.step == 12
    assert entry["different"] >= 4
    assert 0.0 < entry["held_out"]["front"] < 1.0
    assert load_network(tmp_path / "out.safetensors").config == SMALL
    assert loop.start(run).step == 12  # the next run resumes


def test_the_large_network_fits_the_repository() -> None:
    parameters = sum(value.numel() for value in CompactNetwork(loop.NETWORK).state_dict().values())
    assert parameters * 2 < 25_000_000


def test_weights_are_cut_into_parts_that_join_again(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(bytes(range(256)) * 100)
    written = train.parts(path, megabytes=0.01)
    assert len(written) == 3
    assert b"".join(part.read_bytes() for part in written) == path.read_bytes()


def test_a_pack_prefers_many_families_to_many_of_one() -> None:
    names = [*(f"brick_{number}" for number in range(100)), "lamp_1", "chair_1", "chair_2"]
    order = by_diversity(names)
    assert {"lamp_1", "chair_1"} <= set(order[:12])
    assert "chair_2" in order[:18]


def test_a_pack_keeps_to_its_size(tmp_path: Path) -> None:
    objects = boxes(False, 300)
    assert pack.write(tmp_path / "all.npz", objects, [], megabytes=1.0) == 300
    count = pack.write(tmp_path / "few.npz", objects, [], megabytes=0.008)
    assert 0 < count < 300
    assert (tmp_path / "few.npz").stat().st_size <= 8000


def test_a_gpu_machine_needs_no_package_for_meshes_or_the_site() -> None:
    missing = "trimesh", "embreex", "manifold3d", "fast_simplification", "rembg", "django", "xatlas", "skimage"
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r})); sys.argv = ['train', '--help'];"
        "from ml.training.gpu import train; train.main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
