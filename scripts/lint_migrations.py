"""Whether the code that runs now goes on working while a migration does: `python -m scripts.lint_migrations`.

It looks at the SQL that each migration runs on PostgreSQL (DATABASE_URL) with django-migration-linter. `make lint`
starts an empty server for it, where one is installed.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping

import django
from django.apps import apps

APPS = ("accounts", "jobs")
INDEX = "adds an index, which stops writes to its table while it is made: at a quiet time on a large site"
NO_DEFAULT = "made before the first release: no running code has to insert rows without the column"
ACCEPTED: Mapping[tuple[str, str], tuple[set[str], str]] = {
    ("accounts", "0002_profile"): ({"NOT_NULL"}, NO_DEFAULT),
    ("accounts", "0006_token_scope"): ({"NOT_NULL"}, NO_DEFAULT),
    ("accounts", "0008_banned_index"): ({"CREATE_INDEX"}, INDEX),
    ("jobs", "0002_sharing"): ({"CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE"}, INDEX),
    ("jobs", "0003_job_size"): ({"NOT_NULL"}, NO_DEFAULT),
    ("jobs", "0004_room_of_a_person"): ({"CREATE_INDEX"}, INDEX),
    ("jobs", "0005_worker_heartbeat_and_labels"): ({"RENAME_TABLE"}, "renamed before the first release"),
    ("jobs", "0006_restarts"): ({"NOT_NULL"}, NO_DEFAULT),
    ("jobs", "0008_updated_at"): ({"NOT_NULL"}, NO_DEFAULT),
    ("jobs", "0011_worker_memory"): ({"NOT_NULL"}, NO_DEFAULT),
    ("jobs", "0018_queues"): ({"CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE"}, INDEX),
    ("jobs", "0020_versions"): ({"NOT_NULL", "CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE"}, NO_DEFAULT),
    ("jobs", "0021_list_indexes"): ({"DROP_INDEX", "CREATE_INDEX"}, INDEX),
}
"""What the linter finds in a migration, and why it may stay. It finds nothing else, and nothing in the others."""


def problems(found: Mapping[tuple[str, str], Mapping[str, str]], accepted: Iterable[tuple[str, str]] = ()) -> list[str]:
    """One line for each finding that is not accepted, and for each exception that nothing needs any more."""
    lines = []
    for (app, name), messages in found.items():
        codes = ACCEPTED.get((app, name), (set[str](), ""))[0]
        lines += [f"{app} {name}: {message} ({code})" for code, message in messages.items() if code not in codes]
        lines += [f"{app} {name}: {code} is accepted, but not there" for code in sorted(codes - messages.keys())]
    return lines + [f"{app} {name} is accepted, but not there" for app, name in accepted if (app, name) not in found]


def findings() -> dict[tuple[str, str], dict[str, str]]:
    """For each of our migrations, the linter's codes with their messages."""
    logging.getLogger("django_migration_linter").setLevel(logging.WARNING)
    from django_migration_linter import MigrationLinter
    from django_migration_linter.sql_analyser.analyser import analyse_sql_statements

    linter = MigrationLinter(include_apps=list(APPS), no_cache=True, no_output=True)
    found = {}
    for app, name in sorted(linter.migration_loader.disk_migrations):
        if app not in APPS:
            continue
        errors, _, warnings = analyse_sql_statements(linter.sql_analyser_class, linter.get_sql(app, name), [])
        found[app, name] = {issue.code: issue.message for issue in (*errors, *warnings)}
    return found


def main() -> int:
    """1 if something was found."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
    os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or os.environ["DATABASE_URL"]
    if not apps.ready:
        django.setup()
    found = findings()
    lines = problems(found, ACCEPTED)
    sys.stdout.write("\n".join([*lines, f"{len(found)} migrations, {len(lines)} problems."]) + "\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
