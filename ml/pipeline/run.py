"""One walk through the stages: where its files grow, who listens, what it costs, and that a failure leaves nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ml.core.memory import out_of_memory
from ml.errors import ReconstructionError, Stopped
from ml.pipeline import report
from ml.recipe import Recipe
from ml.stages import OnFile, OnProgress, ShouldStop


@dataclass(frozen=True)
class Listeners:
    """Who is told how far a run is and which file is whole, and who may stop it."""

    on_progress: OnProgress | None = None
    on_file: OnFile | None = None
    should_stop: ShouldStop | None = None


@dataclass
class Run:
    """Files grow in `folder` and move to `out_dir` when they are whole; `published` are the names that have.

    `recipe` and `unwrap` (how to lay the texture out) become what they came to.
    """

    recipe: Recipe
    out_dir: Path
    folder: Path
    listeners: Listeners
    unwrap: str = "auto"
    costs: report.Costs = field(default_factory=report.Costs)
    notes: list[str] = field(default_factory=list)
    published: set[str] = field(default_factory=set)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float], None]]:
        """One stage: gives the function that tells how far it is and that raises Stopped when asked to stop."""

        def step(fraction: float) -> None:
            if self.listeners.should_stop and self.listeners.should_stop():
                raise Stopped
            if self.listeners.on_progress:
                self.listeners.on_progress(name, fraction)

        step(0.0)
        with self.costs.measured(name):
            yield step
        step(1.0)

    def publish_early(self, name: str) -> None:
        """Show one whole file before the rest, and tell of it."""
        self._move(name)
        if self.listeners.on_file:
            self.listeners.on_file(name)

    def publish_rest(self) -> tuple[str, ...]:
        """Move everything else to its place; all names in a stable order."""
        for name in sorted(each.name for each in self.folder.iterdir()):
            self._move(name)
        return tuple(sorted(self.published))

    def _move(self, name: str) -> None:
        self.published.add(name)
        (self.folder / name).replace(self.out_dir / name)


@contextmanager
def started(recipe: Recipe, out_dir: Path, listeners: Listeners, unwrap: str = "auto") -> Iterator[Run]:
    """A run into `out_dir`, which is made if need be. On any error all that the run published is removed again.

    Memory that ran out becomes ReconstructionError(`out_of_memory`).
    """
    created = not out_dir.exists()
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir, prefix=".partial-") as folder:
        run = Run(recipe, out_dir, Path(folder), listeners, unwrap)
        try:
            yield run
        except BaseException as error:
            for name in run.published:
                (out_dir / name).unlink(missing_ok=True)
            failure = error
        else:
            return
    if created:
        with suppress(OSError):
            out_dir.rmdir()
    if out_of_memory(failure):
        raise ReconstructionError("out_of_memory") from failure
    raise failure
