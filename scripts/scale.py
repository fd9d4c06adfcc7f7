"""How lists and jobs respond with up to a million jobs: `make scale` (SIZES="10 10000 1000000" DATABASE=postgresql).

Fills an empty database with finished jobs of a thousand people (a hundredth of them are one person's, a tenth are
published), and measures requests inside this process: no web server, no network, files or Redis queue are involved.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from statistics import median, quantiles
from typing import Any

from scripts import postgresql

PEOPLE = 1000
OWN, PUBLIC = 100, 10
"""Every 100th job is the person's who is measured, every 10th is published."""
REQUESTS = 20
UNKNOWN = "zeppelin"
"""A word that no model has: a search for it cannot stop early."""


def main() -> None:
    """Print a table per size, and how the database finds the rows of the largest one."""
    options = arguments()
    with database(options.database):
        import tests.environment  # noqa: F401  (its own database, files and Redis; before Django's settings)

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
        import django

        django.setup()
        with test_database():
            print("| jobs | page | best | p50 | p95 |\n|---|---|---|---|---|")
            person = people()
            for size in options.sizes:
                fill(size, person)
                report(size, person)
            explain(person)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 10_000, 1_000_000])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    return parser.parse_args()


@contextlib.contextmanager
def database(kind: str) -> Iterator[None]:
    """An empty one, in TEST_DATABASE_URL if it is PostgreSQL."""
    if kind == "sqlite":
        yield
        return
    if not postgresql.can_run():
        raise SystemExit("NO POSTGRESQL: install Debian's package postgresql.")
    with postgresql.server() as url:
        os.environ["TEST_DATABASE_URL"] = url
        yield


@contextlib.contextmanager
def test_database() -> Iterator[None]:
    """Made as for the tests, and removed."""
    from django.conf import settings
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    settings.ALLOWED_HOSTS += ["testserver"]
    setup_test_environment(debug=False)
    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def people() -> Any:
    """PEOPLE accounts; returns the first."""
    from accounts.models import User

    names = [f"person-{number}" for number in range(PEOPLE)]
    User.objects.bulk_create(User(username=name, email=f"{name}@example.org") for name in names)
    return User.objects.get(username=names[0])


def fill(size: int, person: Any) -> None:
    """Copy a finished job until there are `size`; with SQL, because Python would take minutes."""
    from django.db import connection

    from jobs.models import Job

    have = Job.objects.count()
    if not have:
        template(person)
        have = 1
    sql = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    with connection.cursor() as cursor:
        cursor.execute(sql["series"].format(first=have, last=size - 1) + copy_jobs(sql, person.pk))
        cursor.execute(copy_photos())
        cursor.execute(write_texts())
        cursor.execute("ANALYZE")


def copy_jobs(sql: dict[str, str], person: int) -> str:
    """A row like the newest job for each number in `series`, older by as many seconds."""
    from jobs.models import Job

    times = ("created_at", "queued_at", "started_at", "finished_at")
    values = {name: sql["time"].format(name=name) for name in times}
    values |= {"id": sql["uuid"], "family": sql["uuid"], "title": "'Lamp ' || n", "idempotency_key": "NULL"}
    values |= {"owner_id": f"CASE WHEN n % {OWN} = 0 THEN {person} ELSE {person} + n % {PEOPLE} END"}
    values |= {"published_at": f"CASE WHEN n % {PUBLIC} = 0 THEN {values['created_at']} END"}
    columns = [str(field.column) for field in Job._meta.concrete_fields]
    select = ", ".join(values.get(name, f't."{name}"') for name in columns)
    newest = "(SELECT * FROM jobs_job ORDER BY created_at DESC LIMIT 1) t"
    return f" INSERT INTO jobs_job ({quoted(columns)}) SELECT {select} FROM series, {newest}"  # nosec B608


def copy_photos() -> str:
    """The photo again for each job without one."""
    from jobs.models import Photo

    columns = [str(field.column) for field in Photo._meta.concrete_fields if field.name != "id"]
    select = ", ".join("j.id" if name == "job_id" else f'p."{name}"' for name in columns)
    without = "NOT EXISTS (SELECT 1 FROM jobs_photo q WHERE q.job_id = j.id)"
    source = f"jobs_job j, (SELECT * FROM jobs_photo LIMIT 1) p WHERE {without}"  # nosec B608
    return f"INSERT INTO jobs_photo ({quoted(columns)}) SELECT {select} FROM {source}"  # nosec B608


def write_texts() -> str:
    """Of the jobs without one, which have no tags."""
    without = "NOT EXISTS (SELECT 1 FROM jobs_searchtext s WHERE s.job_id = j.id)"
    return f"INSERT INTO jobs_searchtext (job_id, text) SELECT id, lower(title) FROM jobs_job j WHERE {without}"  # nosec B608


def quoted(columns: list[str]) -> str:
    """As SQL wants them."""
    return ", ".join(f'"{name}"' for name in columns)


POSTGRESQL = {
    "uuid": "gen_random_uuid()",
    "time": "t.{name} - n * interval '1 second'",
    "series": "WITH series(n) AS (SELECT generate_series({first}, {last}))",
}
SQLITE = {
    "uuid": "lower(hex(randomblob(16)))",
    "time": "strftime('%Y-%m-%d %H:%M:%f', t.{name}, '-' || n || ' seconds') || '000'",
    "series": "WITH RECURSIVE series(n) AS (SELECT {first} WHERE {first} <= {last} "
    "UNION ALL SELECT n + 1 FROM series WHERE n < {last})",
}


def template(person: Any) -> None:
    """A finished job with a photo."""
    from datetime import timedelta

    from django.utils import timezone

    from jobs.models import Job, Photo, State
    from ml.recipe import Recipe

    now = timezone.now()
    job = Job.objects.create(
        owner=person,
        title="Lamp",
        recipe=Recipe().to_dict(),
        engine="compact",
        state=State.SUCCEEDED,
        progress=1.0,
        queued_at=now,
        started_at=now,
        finished_at=now + timedelta(seconds=7),
        stage_seconds={"scene": 1.0, "mesh": 2.0},
        report={"engine": "compact", "mesh": {"faces": 40_000}},
        size=5_000_000,
    )
    Photo.objects.create(job=job, position=0, file=f"jobs/{job.pk}/photo.png", size=500_000, width=800, height=800)


def pages(person: Any) -> dict[str, str]:
    """Name and address of what is measured."""
    from jobs.models import Job

    newest = Job.objects.filter(owner=person).latest("created_at")
    return {
        "gallery": "/models/",
        "search": "/models/?q=lamp",
        "search without result": f"/models/?q={UNKNOWN}",
        "history": "/jobs/",
        "job": f"/jobs/{newest.pk}/",
        "Explore": "/explore/",
        "Explore, page 50": "/explore/?page=50",
        "Explore, search": "/explore/?q=lamp+9",
        "Explore, search without result": f"/explore/?q={UNKNOWN}",
        "API: jobs": "/api/v1/jobs/",
        "API: job": f"/api/v1/jobs/{newest.pk}/",
        "API: Explore": "/api/v1/explore/",
        "API: server": "/api/v1/server/",
    }


def report(size: int, person: Any) -> None:
    """A row per page."""
    from django.test import Client

    from jobs.core import estimates

    client = Client()
    client.force_login(person)
    for name, address in pages(person).items():
        seconds = measure(lambda address=address: client.get(address))  # type: ignore[misc]
        row(size, name, seconds)
    row(size, "an estimate that is not cached", measure(lambda: estimates.learned_seconds("standard")))
    row(size, "an estimate without such a job", measure(lambda: estimates.learned_seconds("high")))


def measure(request: Callable[[], Any]) -> list[float]:
    """Seconds of each call after a first one. Raises AssertionError for a page that is not there."""
    first = request()
    assert getattr(first, "status_code", 200) == 200, first
    seconds = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        request()
        seconds.append(time.perf_counter() - started)
    return seconds


def row(size: int, name: str, seconds: list[float]) -> None:
    """Of the table. The best is what other work on the machine changes least."""
    best, p50, p95 = (value * 1000 for value in (min(seconds), median(seconds), quantiles(seconds, n=20)[-1]))
    print(f"| {size:,} | {name} | {best:.0f} ms | {p50:.0f} ms | {p95:.0f} ms |", flush=True)


def explain(person: Any) -> None:
    """How the database finds the rows."""
    from jobs.core import access, estimates
    from jobs.core.search import search
    from jobs.models import Job, State

    queries = {
        "gallery": search(Job.objects.filter(owner=person, deleted_at=None))[:24],
        "Explore": access.public_jobs().order_by("-published_at", "pk")[:24],
        "Explore, search without result": search(access.public_jobs(), UNKNOWN).order_by("-published_at", "pk")[:24],
        "waiting": Job.objects.active().filter(state=State.QUEUED, deleted_at=None).order_by(),
        "estimate": estimates.recent("standard", "auto"),
    }
    for name, query in queries.items():
        print(f"\n{name}:\n{query.explain()}")


if __name__ == "__main__":
    main()
