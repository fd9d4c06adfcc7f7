"""Responses that are not sent again while they have not changed."""

from __future__ import annotations

from hashlib import sha256

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

NOT_MODIFIED = {304: OpenApiResponse(description="The client has it already (`If-None-Match`).")}
"""For `extend_schema`: what an operation answers beside its responses if these have an ETag."""
ETAG_LENGTH = 32
"""Hexadecimal digits of the hash: 128 bits."""


def with_etag(request: Request, response: Response) -> Response:
    """The response with an ETag of its body; 304 without a body if the client has it already."""

    def finish(rendered: Response) -> HttpResponseBase | None:
        etag = f'"{sha256(rendered.content).hexdigest()[:ETAG_LENGTH]}"'
        rendered["ETag"] = etag
        return get_conditional_response(request._request, etag=etag, response=rendered)

    response.add_post_render_callback(finish)
    return response
