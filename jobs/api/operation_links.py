"""Links of the OpenAPI description: which operations take what another one has created."""

from __future__ import annotations

from typing import Any

from jobs.api.examples import operations

CREATED, SAME = "$response.body#/id", "$request.path.id"
"""Runtime expressions of OpenAPI: the id of what was created, and the id in the path of the request."""
OF_A_JOB = (
    "jobs_retrieve",
    "jobs_update",
    "jobs_cancel",
    "jobs_retry",
    "jobs_remix",
    "jobs_files",
    "jobs_archive",
    "jobs_links",
    "jobs_events",
    "jobs_share",
    "jobs_publish",
    "jobs_delete",
)
OF_A_WEBHOOK = ("webhooks_retrieve", "webhooks_update", "webhooks_deliveries", "webhooks_test", "webhooks_delete")
LINKS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "jobs_create": (OF_A_JOB, {"id": CREATED}),
    "jobs_remix": (OF_A_JOB, {"id": CREATED}),
    "jobs_delete": (("bin_restore", "bin_delete"), {"id": SAME}),
    "bin_restore": (("jobs_retrieve", "jobs_delete"), {"id": CREATED}),
    "collections_create": (
        ("collections_retrieve", "collections_update", "collections_jobs", "collections_order", "collections_delete"),
        {"id": CREATED},
    ),
    "cutouts_create": (
        ("cutouts_retrieve", "cutouts_picture", "cutouts_photo", "cutouts_mask", "cutouts_delete"),
        {"id": CREATED},
    ),
    "uploads_create": (("uploads_retrieve", "uploads_update", "uploads_delete"), {"id": CREATED}),
    "webhooks_create": (OF_A_WEBHOOK, {"id": CREATED}),
    "webhooks_test": (("webhooks_redeliver",), {"id": SAME, "delivery_id": CREATED}),
    "account_tokens_create": (("account_tokens_revoke",), {"token_key": CREATED}),
}
"""By operation id: those that can follow, and where their path parameters come from."""


def add_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: `links` in each successful response of the operations in LINKS."""
    for operation in operations(result):
        following, parameters = LINKS.get(operation["operationId"], ((), {}))
        for status, response in operation["responses"].items():
            if following and status.startswith("2"):
                response["links"] = {name: {"operationId": name, "parameters": parameters} for name in following}
    return result
