"""What all views of the API have in common: a query parameter that an operation does not declare is an error."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

ModelType = TypeVar("ModelType", bound=Model)


class ApiView(APIView):
    """A view of the API. The parameters of an operation are those that its `extend_schema` declares."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Reject unknown query parameters, once the request is known to be allowed."""
        super().initial(request, *args, **kwargs)
        handler = getattr(self, str(request.method).lower(), None)
        if request.query_params and handler and request.method != "OPTIONS":
            reject_unknown(set(request.query_params), query_parameters(self, handler))


class ApiViewSet(ApiView, GenericViewSet[ModelType]):
    """The views of a resource."""


def query_parameters(view: APIView, handler: Any) -> set[str]:
    """The query parameters of an operation, by the schema of its handler."""
    schema_class = getattr(handler, "kwargs", {}).get("schema")
    if schema_class is None:
        return set()
    schema = schema_class()
    schema.view, schema.method = view, str(view.request.method)
    return {name for parameter in schema.get_override_parameters() for name in _names(parameter)}


def _names(parameter: Any) -> set[str]:
    """Of one parameter, or of a serializer of several."""
    if isinstance(parameter, OpenApiParameter):
        return {parameter.name} if parameter.location == OpenApiParameter.QUERY else set()
    return set(parameter().fields)


def reject_unknown(names: set[str], known: set[str]) -> None:
    """Raises ValidationError with each name that is not known."""
    if unknown := sorted(names - known):
        raise ValidationError(dict.fromkeys(unknown, "There is no such parameter here."), code="unknown_parameter")
