"""The table of targets: what counts as reached, and which steps the first measurement leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from ml.evaluation import steps, targets
from ml.evaluation.single_photo import Example, Figures
from ml.evaluation.steps import ALL, NONE
from ml.scene.query import predicts_colors
from ml.texture.bake import TexturedMesh

SCORES = {f"{kind}_{part}": 0.5 for kind in ("exact", "aligned") for part in ("f05", "f10", "f20")}


def figures(photo: float = 0.0, **changed: float) -> Figures:
    looks = {
        "extra_genus": 0.0,
        "unobserved_ssim": 0.4,
        "unobserved_perceptual": 1.2,
        "ghost": 0.8,
        "albedo_error": 0.3,
    }
    chair, median = {"feet": 4.0, "stance": photo}, {"genus": photo}
    return {
        "objects": {"compact": looks | changed},
        "boxes": {"compact": {"flat": 1.0, "flat_worst": 1.0}},
        "photos": {"my_chair": chair, "owl": chair, "median": median},
        "scores": {"compact": SCORES | changed},
    }


def verdicts(now: Figures, **times: float) -> dict[str, bool]:
    return {row.figure: row.reached for row in targets.rows(figures(), now, times)}


def test_figures_are_compared_with_those_before() -> None:
    better = {"unobserved_ssim": 0.49, "unobserved_perceptual": 1.02, "ghost": 0.1, "albedo_error": 0.24}
    assert all(verdicts(figures(**better)).values())
    worse = verdicts(
        figures(unobserved_ssim=0.48, unobserved_perceptual=1.03, ghost=0.11, albedo_error=0.25, exact_f10=0.49)
    )
    missed = {figure for figure, reached in worse.items() if not reached}
    assert missed == {
        "unobserved half, SSIM",
        "unobserved half, perceptual",
        "ghost",
        "albedo error",
        "exact F-score @0.1",
    }


def test_only_furniture_has_to_stand() -> None:
    assert not verdicts(figures(photo=0.03))["stance, my_chair (4 feet)"]
    assert not any("owl" in figure for figure in verdicts(figures()))


def test_a_row_names_its_target_and_whether_it_is_reached() -> None:
    assert str(targets.Row("ghost", 0.8, 0.2, 0.1)) == "| ghost | 0.8 | 0.2 | ≤ 0.1 | missed |"
    assert str(targets.Row("seconds", None, 6.0, 7.0)) == "| seconds | – | 6 | ≤ 7 | reached |"


def test_without_the_steps_nothing_is_changed_after_the_prediction(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*values: Any, **options: Any) -> Any:
        raise AssertionError

    for name in (
        "ml.engines.compact.ground.find",
        "ml.mesh.tunnels.close",
        "ml.evaluation.steps.flatten",
        "ml.evaluation.steps.relight",
        "ml.texture.unobserved.divide",
    ):
        monkeypatch.setattr(name, refuse)
    model = made(example, NONE)
    assert len(model.mesh.faces)
    with pytest.raises(AssertionError):
        made(example, ALL)


def made(example: Example, taken: steps.Steps) -> TexturedMesh:
    scene = steps.infer(example.cutout, taken)
    assert not predicts_colors(scene)
    return steps.textured(steps.surface(scene, 32, taken), scene, example.cutout, 64, taken)
