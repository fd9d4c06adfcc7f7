"""STORAGE_URL chooses the storage; a mistake stops the start with one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from reconsite.core.storage_url import LOCAL, S3, choose

ROOT = Path(__file__).resolve().parents[2]


def test_the_default_is_the_local_folder() -> None:
    choice = choose("", "/srv/media")
    assert (choice.backend, choice.options["location"], choice.download_origin) == (LOCAL, "/srv/media", "")
    assert choose("file:///data/my%20files", "/srv/media").options["location"] == "/data/my files"


def test_an_s3_address_names_bucket_prefix_and_key() -> None:
    choice = choose("s3://me:a%2Fb@models/site/one?endpoint=http://minio:9000&region=eu-1", "/srv/media")
    assert choice.backend == S3
    expected = {"bucket_name": "models", "location": "site/one", "access_key": "me", "secret_key": "a/b"}
    expected |= {"endpoint_url": "http://minio:9000", "region_name": "eu-1", "addressing_style": "path"}
    assert choice.options.items() >= expected.items()


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("s3://models", "https://models.s3.us-east-1.amazonaws.com"),
        ("s3://models?region=eu-central-1", "https://models.s3.eu-central-1.amazonaws.com"),
        ("s3://models?endpoint=http://minio:9000", "http://minio:9000"),
        ("s3://models?endpoint=http://minio:9000&public_endpoint=https://f.example.org", "https://f.example.org"),
    ],
)
def test_browsers_may_download_from_the_public_address(url: str, origin: str) -> None:
    assert choose(url, "").download_origin == origin


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://host/folder", "must begin with"),
        ("media", "must begin with"),
        ("s3:///folder", "names no bucket"),
        ("s3://models?regoin=eu", "unknown option: regoin"),
        ("s3://models?addressing=dns", "addressing must be"),
        ("s3://models?endpoint=minio:9000", "an endpoint must begin with"),
    ],
)
def test_a_wrong_address_is_explained(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        choose(url, "")


def test_a_wrong_address_stops_the_start_with_one_sentence() -> None:
    env = {**os.environ, "STORAGE_URL": "ftp://host/folder"}
    start = subprocess.run(
        [sys.executable, "-c", "import reconsite.settings"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert (start.returncode, start.stderr) == (1, "STORAGE_URL must begin with s3:// or file:///.\n")


def test_pages_may_load_files_from_the_bucket_and_from_nowhere_else() -> None:
    code = "from reconsite.settings import CONTENT_SECURITY_POLICY as c; print(*c['DIRECTIVES']['connect-src'][2:])"
    env = {**os.environ, "SITE_URL": "http://localhost:1", "STORAGE_URL": "s3://m?endpoint=http://minio:9000"}
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True).stdout.split()
    assert printed == ["ws://localhost:1", "http://minio:9000"]
    local = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert [source for source in local["connect-src"] if source.startswith("http")] == []
