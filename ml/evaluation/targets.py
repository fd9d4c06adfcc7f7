"""What the steps after the network bring, against their targets: `python -m ml.evaluation --targets`.

Everything is measured twice in one run, with the same predictions: without the steps (`ml.evaluation.steps`), and as
the site makes models.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ml.evaluation import looks, single_photo, standard_models, steps
from ml.evaluation.single_photo import Figures
from ml.evaluation.steps import ALL, NONE, Steps
from ml.training.meshes import ColoredMesh

MAX_GENUS, MAX_EXTRA_GENUS = 2.0, 1.0
"""Median number of tunnels of photos' models, and of meshes' models beyond those of the true shape."""
MAX_STANCE = 0.02
"""Of the height, for photos of what stands on legs."""
FURNITURE = ("chair", "table", "stool")
"""What the file name of such a photo contains."""
CLOSER = 0.15
"""How much of the way to the truth the unobserved half must come closer."""
MAX_GHOST = 0.1
ALBEDO_LEFT = 0.8
"""Fraction of the albedo error that may be left."""
MAX_LOSS = 0.003
"""By which an F-score may fall."""
MAX_SECONDS = 7.0
JOBS = 5
"""Photos whose jobs are timed, after one that warms the process up."""


@dataclass(frozen=True)
class Row:
    """One figure before and now, and the value that it must reach; `less`: whether lower is better."""

    figure: str
    before: float | None
    now: float
    target: float
    less: bool = True

    @property
    def reached(self) -> bool:
        return self.now <= self.target if self.less else self.now >= self.target

    def __str__(self) -> str:
        before = "–" if self.before is None else f"{self.before:g}"
        sign, verdict = "≤" if self.less else "≥", "reached" if self.reached else "missed"
        return f"| {self.figure} | {before} | {self.now:g} | {sign} {round(self.target, 4):g} | {verdict} |"


def evaluate(objects: list[ColoredMesh], pictures: Path | None) -> Figures:
    """Measure both, print one table, and return all figures."""
    before, now = (_measure(objects, pictures, taken) for taken in (NONE, ALL))
    times = _job_times(pictures) if pictures else {}
    title = "| figure | before | now | target | |\n|---|---|---|---|---|"
    print(f"\n{title}\n" + "\n".join(str(row) for row in rows(before, now, times)), flush=True)
    return {f"before, {key}": value for key, value in before.items()} | now


def rows(before: Figures, now: Figures, times: dict[str, float]) -> list[Row]:
    """The table's rows; those of photos only where there are any."""
    old, new = before["objects"]["compact"], now["objects"]["compact"]
    ssim, perceptual = old["unobserved_ssim"], old["unobserved_perceptual"]
    found = [
        *_photo_rows(before, now),
        Row("genus beyond the truth's, median of the meshes", old["extra_genus"], new["extra_genus"], MAX_EXTRA_GENUS),
        Row("unobserved half, SSIM", ssim, new["unobserved_ssim"], ssim + CLOSER * (1.0 - ssim), less=False),
        Row("unobserved half, perceptual", perceptual, new["unobserved_perceptual"], (1.0 - CLOSER) * perceptual),
        Row("ghost", old["ghost"], new["ghost"], MAX_GHOST),
        Row("albedo error", old["albedo_error"], new["albedo_error"], ALBEDO_LEFT * old["albedo_error"]),
        _flat_row("box faces within 1 % of a plane", "flat", before, now),
        _flat_row("the least flat box", "flat_worst", before, now),
    ]
    for key, title in (("exact", "exact F-score"), ("aligned", "aligned F-score")):
        for part, distance in (("f05", "0.05"), ("f10", "0.1"), ("f20", "0.2")):
            one, other = (figures["scores"]["compact"][f"{key}_{part}"] for figures in (before, now))
            found.append(Row(f"{title} @{distance}", one, other, one - MAX_LOSS, less=False))
    return found + [Row(title, None, value, MAX_SECONDS) for title, value in times.items()]


def _photo_rows(before: Figures, now: Figures) -> list[Row]:
    if "photos" not in now:
        return []
    old, new = (figures["photos"]["median"]["genus"] for figures in (before, now))
    found = [Row("genus, median of the photos", old, new, MAX_GENUS)]
    for name, figures in now["photos"].items():
        if any(kind in name for kind in FURNITURE):
            feet = f"stance, {name} ({figures['feet']:g} feet)"
            found.append(Row(feet, before["photos"][name]["stance"], figures["stance"], MAX_STANCE))
    return found


def _flat_row(title: str, key: str, before: Figures, now: Figures) -> Row:
    return Row(title, before["boxes"]["compact"][key], now["boxes"]["compact"][key], 1.0, less=False)


def _measure(objects: list[ColoredMesh], pictures: Path | None, taken: Steps) -> Figures:
    figures = looks.evaluate(objects, pictures, taken)
    scored = [
        single_photo.score_example(example, lambda cutout: steps.infer(cutout, taken), taken)
        for example in single_photo.make_examples(objects)
    ]
    figures["scores"] = {"compact": single_photo.summary([result for result in scored if result])}
    return figures


def _job_times(pictures: Path) -> dict[str, float]:
    """Of a whole job at standard quality in a warm process, medians."""
    paths = standard_models.photos(pictures)
    standard_models.job_seconds(paths[0])
    chosen = paths[:: max(len(paths) // JOBS, 1)][:JOBS]
    clock, processor = zip(*(standard_models.job_seconds(path) for path in chosen), strict=True)
    return {
        "seconds of a job, median": round(median(clock), 2),
        "processor seconds of a job, median": round(median(processor), 2),
    }
