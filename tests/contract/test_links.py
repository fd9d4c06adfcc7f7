"""Links of the OpenAPI description lead to operations with the parameters that they fill in."""

from __future__ import annotations

from typing import Any

from jobs.api.examples import METHODS, operations
from jobs.api.operation_links import LINKS


def _path_parameters(description: dict[str, Any]) -> dict[str, set[str]]:
    """By operation id."""
    return {
        methods[method]["operationId"]: {
            one["name"] for one in methods[method].get("parameters", []) if one["in"] == "path"
        }
        for methods in description["paths"].values()
        for method in METHODS & set(methods)
    }


def test_each_link_fills_in_the_whole_path_of_its_operation(description: dict[str, Any]) -> None:
    wanted, found = _path_parameters(description), {}
    for operation in operations(description):
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                found[(operation["operationId"], link["operationId"])] = set(link["parameters"])
    assert found == {(source, target): wanted[target] for source, (targets, _) in LINKS.items() for target in targets}


def test_what_creates_something_links_to_reading_it(description: dict[str, Any]) -> None:
    created = {
        operation["operationId"]: operation["responses"]["201"]
        for operation in operations(description)
        if "201" in operation["responses"]
    }
    without = {name for name, response in created.items() if not response.get("links")}
    assert without == {"auth_sign_up", "auth_tokens_create", "events_ticket", "explore_report"}  # nothing has an id
