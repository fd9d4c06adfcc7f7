"""The stages that a photo passes through, in order: the one list that worker, socket, pages and docs share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline. `weight` is its usual share of the time, for the progress bar."""

    name: str
    title: str
    weight: float


STAGES: tuple[Stage, ...] = (
    Stage("prepare", "Reading the photo", 0.03),
    Stage("cutout", "Removing the background", 0.15),
    Stage("scene", "Imagining the shape", 0.20),
    Stage("surface", "Finding the surface", 0.10),
    Stage("mesh", "Cleaning the mesh", 0.10),
    Stage("texture", "Painting the texture", 0.17),
    Stage("views", "Filming a turn", 0.17),
    Stage("export", "Writing the files", 0.08),
)
STAGE_NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)

OnProgress = Callable[[str, float], None]
"""`on_progress(stage, fraction)`: `fraction` of that stage alone, 0 to 1."""
OnFile = Callable[[str], None]
"""`on_file(name)`: this result file is complete and in its folder, while the run continues."""
ShouldStop = Callable[[], bool]


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
    """Share of the whole job, 0 to 1, when `fraction` of `stage` is done."""
    index = STAGE_NAMES.index(stage)
    done = sum(each.weight for each in STAGES[:index])
    total = sum(each.weight for each in STAGES)
    return (done + STAGES[index].weight * min(max(fraction, 0.0), 1.0)) / total
