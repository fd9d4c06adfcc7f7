"""The facts about the server, which come from the settings and registries that it works by."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from jobs.core import worker_heartbeat
from jobs.core.recipe_labels import LABELS
from jobs.models import Job
from ml import engine_registry
from ml.formats import FORMATS
from ml.recipe import Recipe
from ml.stages import STAGES
from tests.conftest import api_of

pytestmark = pytest.mark.django_db


def facts() -> dict[str, Any]:
    response = api_of(None).get("/api/v1/server/")
    assert response.status_code == 200
    data: dict[str, Any] = response.json()
    return data


def test_everybody_can_read_what_the_server_offers() -> None:
    found = facts()
    assert [entry["name"] for entry in found["formats"]] == list(FORMATS)
    assert [entry["name"] for entry in found["stages"]] == [stage.name for stage in STAGES]
    assert sum(entry["weight"] for entry in found["stages"]) == pytest.approx(1.0)
    assert {entry["name"]: entry["default"] for entry in found["settings"]} == Recipe().to_dict()


def test_limits_are_those_that_are_enforced(settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS, settings.MAX_UPLOAD_BYTES, settings.QUOTA_MB = 3, 1000, 0
    limits = facts()["limits"]
    assert (limits["active_jobs"], limits["photo_bytes"], limits["storage_bytes"]) == (3, 1000, None)


def test_sign_up_can_be_closed(settings: Settings) -> None:
    assert facts()["sign_up_open"] is True
    settings.OPEN_SIGN_UP = False
    assert facts()["sign_up_open"] is False


def test_an_engine_counts_as_installed_once_its_weights_are_there(settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path

    def installed() -> list[str]:
        return [engine["name"] for engine in facts()["engines"] if engine["installed"]]

    assert installed() == ["auto", "compact"]
    weights = tmp_path / engine_registry.ENGINES["triposr"].weights
    weights.parent.mkdir()
    weights.touch()
    assert installed() == ["auto", "compact", "triposr"]
    assert engine_registry.installed_engines(tmp_path)[0] == "triposr"


def test_every_quality_has_an_estimate_with_every_engine_from_the_start() -> None:
    found = facts()
    assert all(quality["estimate_seconds"] > 0 for quality in found["qualities"])
    assert all(seconds > 0 for engine in found["engines"] for seconds in engine["estimates"].values())


def test_every_setting_has_a_label() -> None:
    assert set(LABELS) == {field.name for field in dataclasses.fields(Recipe)}


def test_unchanged_facts_are_not_sent_again() -> None:
    first = api_of(None).get("/api/v1/server/")
    again = api_of(None).get("/api/v1/server/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_engines_and_queues_say_which_workers_serve_them(job: Job) -> None:
    worker_heartbeat.record("small.1", engines=["compact"])
    worker_heartbeat.record("gpu.1", engines=["compact", "triposr"])
    found = facts()
    assert {engine["name"]: engine["workers"] for engine in found["engines"]} == {"auto": 2, "compact": 2, "triposr": 1}
    assert all(engine["installed"] for engine in found["engines"]), "that of the worker counts, not of this machine"
    assert {queue["name"]: queue["workers"] for queue in found["queues"]} == {"remix": 2, "cpu": 2, "gpu": 1}
    assert {queue["name"]: queue["waiting"] for queue in found["queues"]} == {"remix": 0, "cpu": 1, "gpu": 0}
    assert found["queue_length"] == 1


def test_workers_of_which_nobody_has_heard_serve_nothing() -> None:
    found = facts()
    assert not found["worker_online"]
    assert {engine["workers"] for engine in found["engines"]} == {queue["workers"] for queue in found["queues"]} == {0}


def test_nobody_reads_the_names_of_hosts_there() -> None:
    worker_heartbeat.record("gpu.internal.example.org.1", engines=["compact"])
    assert "internal.example" not in str(facts())
