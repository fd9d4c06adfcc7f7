"""One run of the pipeline: its temporary folder, its listeners, what it costs, and cleaning up after a failure."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ml.core.memory import out_of_memory
from ml.errors import ReconstructionError, Stopped
from ml.notes import Note
from ml.pipeline import report
from ml.recipe import Recipe
from ml.stages import Listeners


@dataclass
class Run:
    """Files are written to `folder` and moved to `out_dir` once complete; `published` are the names moved so far.

    `recipe` and `unwrap` (the texture layout, one of `ml.recipe.UNWRAPS`) are updated to what was actually used.
    `notes` on the result are for the user.
    """

    recipe: Recipe
    out_dir: Path
    folder: Path
    listeners: Listeners
    unwrap: str = "auto"
    costs: report.Costs = field(default_factory=report.Costs)
    notes: list[Note] = field(default_factory=list)
    published: set[str] = field(default_factory=set)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float], None]]:
        """Run one stage. Yields a function that reports its progress, 0 to 1, and raises Stopped on request."""

        def step(fraction: float) -> None:
            if self.listeners.should_stop():
                raise Stopped
            self.listeners.on_progress(name, fraction)

        step(0.0)
        with self.costs.measured(name):
            yield step
        step(1.0)

    def publish_early(self, name: str) -> None:
        """Move one complete file to `out_dir` before the others, and notify the listener."""
        self._move(name)
        self.listeners.on_file(name)

    def publish_rest(self) -> tuple[str, ...]:
        """Move all remaining files; returns every published name, sorted."""
        for name in sorted(path.name for path in self.folder.iterdir()):
            self._move(name)
        return tuple(sorted(self.published))

    def _move(self, name: str) -> None:
        self.published.add(name)
        (self.folder / name).replace(self.out_dir / name)


@contextmanager
def start_run(recipe: Recipe, out_dir: Path, listeners: Listeners, unwrap: str = "auto") -> Iterator[Run]:
    """A run into `out_dir`, which is created if necessary. On any error everything it published is removed again.

    Running out of memory is raised as ReconstructionError(`out_of_memory`).
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
