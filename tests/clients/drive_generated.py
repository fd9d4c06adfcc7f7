"""Uses what openapi-python-client has made: `drive_generated.py FOLDER SERVER EMAIL PASSWORD PHOTO`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

FOLDER, SERVER, EMAIL, PASSWORD, PHOTO = sys.argv[1:]


def module(name: str) -> Any:
    """A module of the generated client, which no type checker has seen."""
    return importlib.import_module(f"reconsite_api_client.{name}")


def call(operation: str, client: Any, *args: Any, **named: Any) -> Any:
    """The parsed response of an operation, such as `jobs.jobs_list`."""
    return module(f"api.{operation}").sync(*args, client=client, **named)


def main() -> None:
    """Sign in, create a job, read, change, cancel and delete it, and meet an error."""
    sys.path.insert(0, FOLDER)
    package: Any = importlib.import_module("reconsite_api_client")
    names = [found.name for found in pkgutil.walk_packages(package.__path__, "reconsite_api_client.")]
    for name in names:
        importlib.import_module(name)
    models, anonymous = module("models"), package.Client(base_url=SERVER)
    assert call("server.server_retrieve", anonymous).limits.photos == 5
    credentials = models.SignInRequest(email=EMAIL, password=PASSWORD)
    token = call("auth.auth_tokens_create", anonymous, body=credentials).token
    client = package.AuthenticatedClient(base_url=SERVER, token=token)
    photo = module("types").File(payload=BytesIO(Path(PHOTO).read_bytes()), file_name="lamp.png", mime_type="image/png")
    made = call("jobs.jobs_create", client, body=models.SubmitRequest(photo=[photo], title="Lamp"))
    assert call("jobs.jobs_retrieve", client, made.id).title == "Lamp"
    changed = call("jobs.jobs_update", client, made.id, body=models.PatchedEditRequest(tags=["home"]))
    assert changed.tags == ["home"]
    assert [job.id for job in call("jobs.jobs_list", client, tag="home").results] == [made.id]
    assert call("jobs.jobs_cancel", client, made.id).state == models.StateEnum.CANCELLED
    problem = call("jobs.jobs_cancel", client, made.id)
    assert (problem.code, problem.status) == ("wrong_state", 409)
    assert module("api.jobs.jobs_delete").sync_detailed(made.id, client=client).status_code == 204
    print(f"{len(names)} modules")


if __name__ == "__main__":
    main()
