"""STORAGE_URL: where photos and results are stored. Imports no Django: the settings use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LOCAL = "reconsite.core.local_storage.LocalStorage"
S3 = "reconsite.core.s3_storage.S3Storage"
OPTIONS = ("endpoint", "public_endpoint", "region", "addressing")
"""What may stand behind the question mark of an S3 address."""
ADDRESSING = ("path", "virtual")
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class StorageChoice:
    """Django's entry for STORAGES, and the origin that browsers download from (empty: the site itself)."""

    backend: str
    options: dict[str, Any]
    download_origin: str = ""


def choose(url: str, media_root: str) -> StorageChoice:
    """`s3://KEY:SECRET@BUCKET/PREFIX?endpoint=https://…`, `file:///folder`, or empty for `media_root`.

    Raises ValueError with what is wrong.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return _s3(url)
    if parts.scheme not in ("", "file") or (url and not parts.path.startswith("/")):
        raise ValueError("STORAGE_URL must begin with s3:// or file:///.")
    options = {"location": unquote(parts.path) or media_root}
    return StorageChoice(LOCAL, {**options, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700})


def _s3(url: str) -> StorageChoice:
    """Without KEY and SECRET, the SDK looks for them: AWS_* variables, profile, or the role of the machine."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := set(query) - set(OPTIONS):
        raise ValueError(f"STORAGE_URL has an unknown option: {', '.join(sorted(unknown))}.")
    bucket = parts.netloc.rpartition("@")[2]
    if not bucket:
        raise ValueError("STORAGE_URL names no bucket: s3://BUCKET.")
    region = query.get("region", DEFAULT_REGION)
    addressing = query.get("addressing", "path" if "endpoint" in query else "virtual")
    if addressing not in ADDRESSING:
        raise ValueError("STORAGE_URL: addressing must be path or virtual.")
    endpoint = query.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    public = query.get("public_endpoint", endpoint).rstrip("/")
    options = {
        "bucket_name": bucket,
        "location": unquote(parts.path).strip("/"),
        "access_key": unquote(parts.username) if parts.username else None,
        "secret_key": unquote(parts.password) if parts.password else None,
        "endpoint_url": endpoint,
        "public_endpoint": public,
        "region_name": region,
        "addressing_style": addressing,
    }
    return StorageChoice(S3, options, _origin(public, bucket if addressing == "virtual" else ""))


def _origin(endpoint: str, subdomain: str) -> str:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("STORAGE_URL: an endpoint must begin with http:// or https://.")
    return f"{parts.scheme}://{subdomain}{'.' if subdomain else ''}{parts.netloc}"
