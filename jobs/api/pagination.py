"""Paging of the API's lists: by cursor, which stays right while jobs come and go, or by page number."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination, CursorPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.core.counts import CountedPaginator, count

PAGE_SIZE, MAX_PAGE_SIZE = 24, 100
"""Rows of a page unless `page_size` requests another number, and at most."""


class _Pages(PageNumberPagination):
    django_paginator_class = CountedPaginator
    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"


class _Cursors(CursorPagination):
    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        """The order that the list has anyway."""
        return tuple(str(name) for name in queryset.query.order_by)


class JobPagination(BasePagination):
    """24 rows per page. `next` leads by cursor, or by page number if the request has one."""

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """The rows of the page. Raises NotFound for a page that does not exist, ValidationError for an odd cursor."""
        if {"page", "cursor"} <= set(request.query_params):
            raise ValidationError({"cursor": "Use page or cursor, not both."})
        self._count = count(queryset)
        self._paginator: Any = _Pages() if "page" in request.query_params else _Cursors()
        try:
            return list(self._paginator.paginate_queryset(queryset, request, view=view) or ())
        except (NotFound, ValueError, InvalidValue) as error:
            if isinstance(self._paginator, _Pages):
                raise
            raise ValidationError({"cursor": "This cursor is not valid. Begin with the first page."}) from error

    def get_paginated_response(self, data: Any) -> Response:
        """The rows, how many there are in all, and the addresses of the pages around."""
        pages = {"next": self._paginator.get_next_link(), "previous": self._paginator.get_previous_link()}
        return Response({"count": self._count, **pages, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """For the OpenAPI description."""
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"count": {"type": "integer"}, "next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """For the OpenAPI description: the parameters are in `PageSerializer`, which also checks them."""
        return []
