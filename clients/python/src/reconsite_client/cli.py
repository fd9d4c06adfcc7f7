"""`reconsite`: make a model of a photo from the command line."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from typing import Any

from reconsite_client.clients import Client
from reconsite_client.model import Job, Problem

LISTS = ("formats", "sides")
"""Settings that take several values, with commas between them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, or 2 with one line that says what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        with Client(options.server, options.token) as client:
            return int(options.run(client, options))
    except (Problem, TimeoutError, OSError) as error:
        print(f"reconsite: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="reconsite", description=__doc__)
    shared = argparse.ArgumentParser(add_help=False)
    default = os.environ.get("RECONSITE_SERVER", "http://localhost:8000")
    shared.add_argument("--server", default=default, help="address of the server (RECONSITE_SERVER)")
    shared.add_argument("--token", default=os.environ.get("RECONSITE_TOKEN", ""), help="API token (RECONSITE_TOKEN)")
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("make", parents=[shared], help="make a model of one to five photos")
    make.add_argument("photo", nargs="+")
    make.add_argument("--out", default="model", help="folder for the files")
    make.add_argument("--title", default="")
    make.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting, such as quality=high"
    )
    make.set_defaults(run=_make)
    listing = commands.add_parser("list", parents=[shared], help="list your jobs")
    listing.set_defaults(run=_list)
    sign_in = commands.add_parser("sign-in", parents=[shared], help="print a new token")
    sign_in.add_argument("email")
    sign_in.add_argument("--code", default="", help="of the second factor")
    sign_in.set_defaults(run=_sign_in)
    return parser


def _make(client: Client, options: argparse.Namespace) -> int:
    settings = dict(_setting(text) for text in options.set)
    job = client.create_job(options.photo, title=options.title, **settings)
    job = client.wait(job.id, on_change=_show)
    if job.state != "succeeded":
        failure = job.data["failure"] or {"message": "The job was cancelled.", "code": job.state}
        print(f"reconsite: {failure['message']} [{failure['code']}]", file=sys.stderr)
        return 2
    for path in client.download(job.id, options.out):
        print(path)
    return 0


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, value.split(",") if name in LISTS else value


def _show(job: Job) -> None:
    print(f"{job.state} {job.stage} {job.progress:.0%}", file=sys.stderr)


def _list(client: Client, options: argparse.Namespace) -> int:
    for job in client.jobs(fields="id,title,state,stage,progress,eta_seconds"):
        print(f"{job.id}  {job.state:<10} {job.title}")
    return 0


def _sign_in(client: Client, options: argparse.Namespace) -> int:
    print(client.sign_in(options.email, getpass.getpass("Password: "), code=options.code))
    return 0


if __name__ == "__main__":
    sys.exit(main())
