"""The one registry of stages: the steps from photo to model, in order. Worker, socket, pages and docs read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    `weight` is its usual fraction of the time, for the progress bar. `in_remix`: a remix runs it, too, although it
    starts from the scene of an earlier result.
    """

    name: str
    title: str
    weight: float
    in_remix: bool = True


STAGES: tuple[Stage, ...] = (
    Stage("prepare", "Reading the photo", 0.03, in_remix=False),
    Stage("cutout", "Removing the background", 0.15, in_remix=False),
    Stage("scene", "Building the shape", 0.20, in_remix=False),
    Stage("surface", "Extracting the surface", 0.10),
    Stage("mesh", "Cleaning the mesh", 0.10),
    Stage("texture", "Baking the texture", 0.17),
    Stage("views", "Rendering the turntable", 0.17),
    Stage("export", "Writing the files", 0.08),
)
"""Weights are shares of a standard model's time with the compact engine; they add up to 1."""
STAGE_NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)
REMIX_STAGES: tuple[Stage, ...] = tuple(stage for stage in STAGES if stage.in_remix)

OnProgress = Callable[[str, float], None]
"""`on_progress(stage, fraction)`: `fraction` of that stage alone, 0 to 1."""
OnFile = Callable[[str], None]
"""`on_file(name)`: this result file is complete and in the output folder, while the run continues."""
ShouldStop = Callable[[], bool]
"""Called between steps; True ends the run with `ml.errors.Stopped`."""
STOP_GRACE_SECONDS = 10.0
"""Time that a run has to reach its next step after it was asked to stop; then its process is ended."""


def ignore(*_: object) -> None:
    """The `OnProgress` and `OnFile` of a caller who does not listen."""


def never() -> bool:
    """The `ShouldStop` of a run that nobody can stop."""
    return False


@dataclass(frozen=True)
class Listeners:
    """The callbacks of one run: progress, finished files, and whether to stop."""

    on_progress: OnProgress = ignore
    on_file: OnFile = ignore
    should_stop: ShouldStop = never


def overall_progress(stage: str, fraction: float) -> float:
    """Progress of the whole run, 0 to 1, when `fraction` of `stage` is done."""
    index = STAGE_NAMES.index(stage)
    done = sum(earlier.weight for earlier in STAGES[:index])
    total = sum(any_stage.weight for any_stage in STAGES)
    return (done + STAGES[index].weight * min(max(fraction, 0.0), 1.0)) / total
