"""The dashboard and the alerts name only metrics and failure codes that the site has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from pytest_django import Settings

from jobs.core import routing
from reconsite.core.errors import MESSAGES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
OWN = re.compile(r"\breconsite_\w+")
CODES = re.compile(r'code(?:=|!=|=~|!~)"([^"]+)"')


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def autoscalers() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / "autoscaling.yaml").read_text()))


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in alerts())
    yield from (scaler["spec"]["triggers"][0]["metadata"]["query"] for scaler in autoscalers())
    for panel in json.loads((FOLDER / "grafana.json").read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.fixture
def described(db: None, client: Client, settings: Settings) -> set[str]:
    """The names that `/metrics` describes, whether or not they have a value now."""
    settings.METRICS_TOKEN = "let-me-in"
    page = client.get("/metrics", headers={"authorization": "Bearer let-me-in"}).content.decode()
    return set(re.findall(r"^# HELP (reconsite_\w+)", page, re.MULTILINE))


def test_dashboard_and_alerts_name_only_metrics_that_exist(described: set[str]) -> None:
    named = {name for expression in expressions() for name in OWN.findall(expression)}
    assert named - described == set()


def test_every_metric_is_on_the_dashboard_or_in_the_documentation(described: set[str]) -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert {name for name in described if name not in text} == {"reconsite_info"}


def test_alerts_name_only_failure_codes_that_exist() -> None:
    named = {code for rule in alerts() for group in CODES.findall(rule["expr"]) for code in group.split("|")}
    assert named
    assert named <= set(MESSAGES)


def test_every_alert_says_what_to_do() -> None:
    assert all(rule["annotations"]["description"] and rule["labels"]["severity"] for rule in alerts())


def test_every_queue_has_workers_that_are_added_when_it_is_slow() -> None:
    queries = " ".join(scaler["spec"]["triggers"][0]["metadata"]["query"] for scaler in autoscalers())
    assert set(re.findall(r"\w+", " ".join(re.findall(r'queue=~?"([^"]+)"', queries)))) == set(routing.QUEUES)
