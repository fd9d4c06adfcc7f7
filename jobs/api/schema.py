"""The OpenAPI description: every operation lists the problems that it can answer with."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers
from rest_framework.viewsets import ViewSetMixin

from reconsite.core.problems import CONTENT_TYPE

ACTION_NAMES = {"partial_update": "update", "destroy": "delete"}
"""What actions of REST framework are called in operation ids, where that differs."""


class ProblemItemSerializer(serializers.Serializer[Any]):
    """One error: a code for programs, a message for people, and the field it concerns."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was rejected (RFC 9457). Nothing was stored. The codes are listed in docs/api.md."""

    type = serializers.ChoiceField(choices=["validation_error", "client_error", "server_error"])
    title = serializers.CharField(help_text="The name of the status.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="The message of the first error, for people.")
    code = serializers.CharField(help_text="The code of the first error, for programs.")
    errors = ProblemItemSerializer(many=True)  # type: ignore[assignment]  # the name is part of the API
    retryable = serializers.BooleanField(help_text="True if the same request may succeed later.")
    advice = serializers.CharField(allow_blank=True, help_text="What to do about it, for people.")


def problems(*statuses: int) -> dict[Any, Any]:
    """Responses of an operation for `extend_schema`, beside those that every operation of its kind has."""
    return {(status, CONTENT_TYPE): ProblemSerializer for status in statuses}


class ApiSchema(AutoSchema):
    """Adds the problems that follow from an operation's parameters, body, authentication and limits."""

    def get_operation_id(self) -> str:
        """`jobs_list`, `jobs_cancel`: the resource and what is done."""
        action = getattr(self.view, "action", None)
        if not isinstance(self.view, ViewSetMixin) or action is None:
            return super().get_operation_id()
        return f"{self._tokenize_path()[0]}_{ACTION_NAMES.get(action, action)}"

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for status in self._problem_statuses() if direction == "response" else ():
            if str(status) not in bodies:
                bodies[str(status)] = self._problem_response(status)
        return dict(sorted(bodies.items()))

    def _problem_response(self, status: int) -> Any:
        return self._get_response_for_code(  # type: ignore[no-untyped-call]
            ProblemSerializer, str(status), [CONTENT_TYPE]
        )

    def _problem_statuses(self) -> list[int]:
        places = {parameter["in"] for parameter in self._get_parameters()}
        has_body = self.method in ("POST", "PUT", "PATCH") and self.get_request_serializer() is not None
        rules = {
            400: True,
            401: bool(self.view.get_authenticators()),
            403: bool(self.view.get_authenticators()),
            404: "path" in places or "page" in self._query_names(),
            406: True,
            411: has_body,
            413: has_body,
            415: has_body,
            429: bool(self.view.get_throttles()),
            500: True,
            503: True,
        }
        return [status for status, applies in rules.items() if applies]

    def _query_names(self) -> set[str]:
        return {parameter["name"] for parameter in self._get_parameters() if parameter["in"] == "query"}
