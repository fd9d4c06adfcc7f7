"""Stages and names: the contracts that worker, pages and API share."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest

from ml import files
from ml.errors import MESSAGES, ReconstructionError
from ml.stages import REMIX_STAGES, STAGE_NAMES, STAGES, overall_progress


def test_progress_runs_from_0_to_1() -> None:
    assert overall_progress("prepare", 0.0) == 0.0
    assert overall_progress("export", 1.0) == pytest.approx(1.0)


def test_each_stage_starts_where_the_previous_one_ends() -> None:
    for before, after in pairwise(STAGE_NAMES):
        assert overall_progress(before, 1.0) == pytest.approx(overall_progress(after, 0.0))
        assert overall_progress(before, 0.0) < overall_progress(after, 0.0)


def test_a_fraction_out_of_bounds_is_clamped() -> None:
    assert overall_progress("mesh", 7.0) == overall_progress("mesh", 1.0)
    assert overall_progress("mesh", -1.0) == overall_progress("mesh", 0.0)


def test_every_stage_has_a_title_and_a_weight() -> None:
    assert all(stage.title and stage.weight > 0 for stage in STAGES)
    assert sum(stage.weight for stage in STAGES) == pytest.approx(1.0)
    assert len(set(STAGE_NAMES)) == len(STAGES)


def test_a_remix_runs_the_last_stages() -> None:
    assert STAGES[-len(REMIX_STAGES) :] == REMIX_STAGES


def test_every_file_has_a_content_type() -> None:
    assert files.content_type("mesh.glb") == "model/gltf-binary"
    assert files.content_type(files.frame_name(7)) == "image/png"
    with pytest.raises(KeyError):
        files.content_type("passwd")


@pytest.mark.parametrize("code", MESSAGES)
def test_every_code_has_a_message(code: str) -> None:
    assert ReconstructionError(code).message.endswith(".")


def test_modules_for_the_web_process_never_load_torch() -> None:
    root = "ml, ml.engine_registry, ml.formats, ml.recipe, ml.stages, ml.files, ml.errors"
    program = f"import sys, {root}, ml.photo.decode, ml.core.weights; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
