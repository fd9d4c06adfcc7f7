"""`make lint` looks at every migration; what is accepted has a reason, and stops being accepted when it is gone."""

from __future__ import annotations

from scripts.lint_migrations import ACCEPTED, problems
from scripts.preflight import ROOT

SIZE = ("jobs", "0003_job_size")


def test_a_finding_is_a_problem_unless_it_is_accepted_for_that_migration() -> None:
    assert problems({SIZE: {"NOT_NULL": "NOT NULL constraint on columns"}}) == []
    assert problems({("jobs", "0099_new"): {"NOT_NULL": "NOT NULL constraint on columns"}}) == [
        "jobs 0099_new: NOT NULL constraint on columns (NOT_NULL)"
    ]
    assert problems({SIZE: {"NOT_NULL": "…", "DROP_COLUMN": "Dropping columns"}}) == [
        "jobs 0003_job_size: Dropping columns (DROP_COLUMN)"
    ]


def test_an_exception_that_nothing_needs_is_a_problem() -> None:
    assert problems({SIZE: {}}) == ["jobs 0003_job_size: NOT_NULL is accepted, but not there"]
    assert problems({}, [SIZE]) == ["jobs 0003_job_size is accepted, but not there"]


def test_every_exception_is_a_migration_and_has_a_reason() -> None:
    for (app, name), (codes, reason) in ACCEPTED.items():
        assert (ROOT / app / "migrations" / f"{name}.py").exists()
        assert codes
        assert reason
