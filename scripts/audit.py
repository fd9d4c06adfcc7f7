"""Look up known vulnerabilities of all packages that we pin: `python -m scripts.audit`, part of `make lint`.

The data comes from the internet. Where it cannot be reached, this says so and does not fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from scripts import lock

MAX_SECONDS = 120
"""About 240 packages are looked up one by one."""
FILES = [argument for name in (*lock.NAMES, lock.CUDA) for argument in ("--requirement", f"{name}.txt")]
OPTIONS = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
COMMAND = [sys.executable, "-m", "pip_audit", *FILES, *OPTIONS]


def main() -> int:
    """1 if a vulnerability is known, else 0."""
    message, is_bad = verdict(report())
    print(message)
    return 1 if is_bad else 0


def report() -> list[dict[str, Any]] | None:
    """What pip-audit found out about each package; None if it could not."""
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=MAX_SECONDS, check=False, cwd=lock.ROOT)
        dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, TypeError, KeyError):
        return None
    return dependencies


def verdict(dependencies: list[dict[str, Any]] | None) -> tuple[str, bool]:
    """What to print, and whether a vulnerability is known."""
    audited = [row for row in dependencies or () if "skip_reason" not in row]
    if not audited:
        return "NOT AUDITED: the data of known vulnerabilities cannot be reached from here.", False
    found = [f"{row['name']} {row['version']}: {_names(row['vulns'])}" for row in audited if row["vulns"]]
    skipped = len(dependencies or ()) - len(audited)
    summary = f"{len(audited)} packages audited, {skipped} without data, {len(found)} with known vulnerabilities."
    return "\n".join([*found, summary]), bool(found)


def _names(vulnerabilities: list[dict[str, Any]]) -> str:
    fixed = (f"{row['id']} (fixed in {', '.join(row['fix_versions']) or 'no version'})" for row in vulnerabilities)
    return "; ".join(fixed)


if __name__ == "__main__":
    sys.exit(main())
