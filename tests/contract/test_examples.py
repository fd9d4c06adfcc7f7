"""Every operation of the OpenAPI description shows a request and each response, and these keep to its schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from jobs.api.examples import operations


def _resolved(description: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    _, *path = part["$ref"].split("/")
    found: Any = description
    for name in path:
        found = found[name]
    return dict(found)


def _bodies(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body that is no file, and where it is."""
    for operation in operations(description):
        parts = {f"{operation['operationId']} {status}": part for status, part in operation["responses"].items()}
        parts[f"{operation['operationId']} request"] = operation.get("requestBody", {})
        for place, part in parts.items():
            for media_type, media in _resolved(description, part).get("content", {}).items():
                if media["schema"].get("format") != "binary":
                    yield f"{place} {media_type}", media


def test_every_request_and_every_response_has_an_example(description: dict[str, Any]) -> None:
    assert not [place for place, media in _bodies(description) if not media.get("examples")]


def test_the_examples_keep_to_their_schemas(description: dict[str, Any]) -> None:
    wrong = []
    for place, media in _bodies(description):
        schema = media["schema"] | {"components": description["components"]}
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        for example in media["examples"].values():
            value = _resolved(description, example)["value"]
            wrong += [f"{place}: {error.json_path} {error.message}" for error in validator.iter_errors(value)]
    assert not wrong


def test_every_operation_describes_its_success_and_its_problems(description: dict[str, Any]) -> None:
    for operation in operations(description):
        statuses = set(operation["responses"])
        assert statuses & {"200", "201", "202", "204"}, operation["operationId"]
        assert {"406", "500", "503"} <= statuses, operation["operationId"]
        for response in operation["responses"].values():
            assert _resolved(description, response)["description"], operation["operationId"]
        assert operation["description"], operation["operationId"]


def test_a_job_of_the_examples_has_all_fields_of_a_job(description: dict[str, Any]) -> None:
    job = description["components"]["examples"]["Job"]["value"]
    assert set(job) == set(description["components"]["schemas"]["Job"]["properties"])
