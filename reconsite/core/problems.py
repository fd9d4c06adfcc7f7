"""Error responses of the API: problem details (RFC 9457), together with the fields of earlier versions."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

CONTENT_TYPE = "application/problem+json"
RETRYABLE_STATUSES = frozenset({429, 500, 503, 507})
"""The same request may succeed later, without any change."""
TITLES = {460: "Checksum Mismatch"}
"""Of statuses that HTTP does not have: this one is from the protocol of resumable uploads."""
ADVICE = {
    400: "Correct what `errors` lists and send the request again.",
    401: "Sign in, and send the token as “Authorization: Bearer …”.",
    403: "Use an account or a token that is allowed to do this.",
    404: "Check the address. What belongs to somebody else does not exist for you.",
    405: "Use one of the methods in the Allow header.",
    406: "Accept application/json.",
    413: "Send less data.",
    415: "Send the body in a content type that the schema lists.",
    429: "Wait as long as the Retry-After header says, then try again.",
    500: "Try again. If it keeps happening, contact the operator.",
    503: "Wait as long as the Retry-After header says, then try again.",
}
"""By status, for a message that does not say what to do."""


def error(code: str, detail: str, attr: str | None = None) -> dict[str, str | None]:
    """One entry of `errors`: `attr` is the field that it is about."""
    return {"code": code, "detail": detail, "attr": attr}


def problem(status: int, errors: Sequence[dict[str, Any]], kind: str = "") -> dict[str, Any]:
    """The body of an error response. `detail` and `code` are those of the first error.

    `kind` is `validation_error`, `client_error` or `server_error`; by default what the status says. It is the `type`,
    a relative reference, because clients of earlier versions read it there.
    """
    first = errors[0]
    return {
        "type": kind or ("server_error" if status >= 500 else "client_error"),
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": first["detail"],
        "code": first["code"],
        "errors": list(errors),
        "retryable": status in RETRYABLE_STATUSES,
        "advice": advice_of(first["detail"]) or ADVICE.get(status, ""),
    }


def advice_of(message: str) -> str:
    """What to do about it: everything after the first sentence, which says what is wrong."""
    return message.partition(". ")[2]
