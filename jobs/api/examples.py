"""Examples for the OpenAPI description: what `examples.json` says of a component, the rest by the name of the field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from reconsite.core import problems
from reconsite.core.errors import MESSAGES

_DATA: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
"""What a path of the description has beside operations (`parameters`, say) is left alone."""
BY_FORMAT = {
    "uuid": "4c6a065d-9f63-40ee-a315-a7478c5a790a",
    "date-time": "2027-01-15T09:30:00Z",
    "email": "ada@example.org",
    "uri": "https://models.example.org/",
    "binary": "lamp.jpg",
}
"""Strings, for fields whose name has no example."""
BY_TYPE: dict[str, Any] = {"string": "lamp", "integer": 1, "number": 1.0, "boolean": True, "null": None}
EVENTS = (
    'id: 41\nevent: change\ndata: {"job": "4c6a065d-9f63-40ee-a315-a7478c5a790a", "seq": 14, "state": "running"}\n\n'
)


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: an example for each body but files, and one description of each kind of problem."""
    book = _Book(result["components"].setdefault("schemas", {}))
    for operation in operations(result):
        book.add_to(operation.get("requestBody", {}))
        for status, response in operation["responses"].items():
            operation["responses"][status] = book.described(status, response)
    result["components"]["examples"] = dict(sorted(book.examples.items()))
    result["components"]["responses"] = dict(sorted(book.problems.items()))
    return result


def operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All operations of an OpenAPI description."""
    for methods in description["paths"].values():
        yield from (operation for method, operation in methods.items() if method in METHODS)


class _Book:
    """The examples of the description's components, and its problems, as far as they are used."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self.examples: dict[str, Any] = {}
        self.problems: dict[str, Any] = {}

    def described(self, status: str, response: dict[str, Any]) -> dict[str, Any]:
        """The response with a description and examples; a reference, if it is a problem."""
        response["description"] = response.get("description") or phrase_of(status)
        self.add_to(response, status)
        if problems.CONTENT_TYPE not in response.get("content", {}):
            return response
        self.problems[f"Problem{status}"] = response
        return {"$ref": f"#/components/responses/Problem{status}"}

    def add_to(self, body: dict[str, Any], status: str = "") -> None:
        """Give a request or response an example for each of its content types."""
        for media_type, media in body.get("content", {}).items():
            self._add(media_type, media, status)

    def _add(self, media_type: str, media: dict[str, Any], status: str) -> None:
        schema = media.get("schema", {})
        if media_type == problems.CONTENT_TYPE:
            media["examples"] = {"problem": self._stored(f"Problem{status}", problem_of(status))}
        elif media_type == "text/event-stream":
            media["examples"] = {"change": self._stored("Events", EVENTS)}
        elif "$ref" in schema:
            name = _name_of(schema)
            media["examples"] = {"example": self._stored(name, self.of_component(name))}
        elif schema.get("format") != "binary":
            media["examples"] = {"example": {"value": self.of_schema(schema)}}

    def _stored(self, name: str, value: Any) -> dict[str, str]:
        self.examples[name] = {"value": value}
        return {"$ref": f"#/components/examples/{name}"}

    def of_component(self, name: str) -> Any:
        """Of a request what is written down, of a response all fields."""
        written = _DATA["components"].get(name, {})
        if written and name.endswith("Request"):
            return written
        schema = self._schemas[name]
        if "properties" not in schema:
            return self.of_schema(schema)
        rest = {field: part for field, part in schema["properties"].items() if field not in written}
        found = written | {field: self._of_field(field, part) for field, part in rest.items()}
        return {field: found[field] for field in schema["properties"]}

    def _of_field(self, name: str, schema: dict[str, Any]) -> Any:
        is_plain = not {"$ref", "allOf", "oneOf", "enum"} & set(schema) and schema.get("type") != "object"
        return _DATA["fields"][name] if is_plain and name in _DATA["fields"] else self.of_schema(schema)

    def of_schema(self, schema: dict[str, Any]) -> Any:
        """By the type, for what has no name."""
        if "$ref" in schema:
            return self.of_component(_name_of(schema))
        if alternatives := schema.get("allOf") or schema.get("oneOf"):
            return self.of_schema(alternatives[0])
        if "enum" in schema:
            return schema["enum"][0]
        kinds = schema.get("type", "object")
        kind = kinds[0] if isinstance(kinds, list) else kinds
        if kind == "array":
            return [self.of_schema(schema["items"])]
        if kind == "object":
            return {name: self._of_field(name, part) for name, part in schema.get("properties", {}).items()}
        return BY_FORMAT.get(schema.get("format", ""), BY_TYPE[kind])


def phrase_of(status: str) -> str:
    """“Not Found”."""
    return problems.TITLES.get(int(status)) or HTTPStatus(int(status)).phrase


def problem_of(status: str) -> dict[str, Any]:
    """A problem as the API answers with this status."""
    entry = _DATA["problems"].get(status) or {"code": "error", "detail": f"{phrase_of(status)}."}
    detail = entry.get("detail") or MESSAGES[entry["code"]]
    return problems.problem(int(status), [problems.error(entry["code"], detail, entry.get("attr"))])


def _name_of(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]
