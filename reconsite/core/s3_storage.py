"""Private files in a bucket of an S3 service (docs/decisions/0009). Needs requirements-s3.txt."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import IO, Any, BinaryIO, cast
from uuid import uuid4

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage as StoragesS3

from reconsite.core.stored import NewFile, StorageUnavailable, StoredFolder

PART_BYTES = 16 * 1024 * 1024
"""Larger files are sent in parts of this size, several at once."""
UPLOADS_AT_ONCE = 8
"""Small files of a result that are sent at once: each takes a round trip, and a result has about fifty."""
KEYS_PER_REQUEST = 1000
"""S3's own limit of keys in one request to delete."""
LINK_SECONDS = 900
"""How long a download link works: it must survive the start of the download, not the next day."""
MEMORY_BYTES = 4 * 1024 * 1024
"""A file that is read is kept in memory up to this size, else in a temporary file."""
MISSING = ("404", "NoSuchKey", "NotFound")
CLIENT = {
    "connect_timeout": 3,
    "read_timeout": 20,
    "retries": {"mode": "standard", "total_max_attempts": 3},
    "signature_version": "s3v4",
    "max_pool_connections": 2 * UPLOADS_AT_ONCE,
    # The SDK's newer default checksums are trailers, which not every S3 service knows. `_put` sends its own.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def transfer_config() -> TransferConfig:
    """How large files are sent."""
    return TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)


class S3Storage(StoragesS3):  # type: ignore[misc]
    """Implements `reconsite.core.stored.PrivateStorage`. Nothing in the bucket is public.

    An object appears under its key once it is complete, and a run's files lie under the run's token, to which no row
    refers until all of them are there: that is the temporary key.
    """

    def __init__(self, *, public_endpoint: str = "", addressing_style: str = "path", **settings: Any) -> None:
        config = Config(s3={"addressing_style": addressing_style}, **CLIENT)
        super().__init__(**settings, client_config=config, transfer_config=transfer_config())
        self.public_endpoint = public_endpoint or self.endpoint_url
        self._lock = threading.Lock()
        self._resource: tuple[int, Any] = (0, None)

    @property
    def connection(self) -> Any:
        """One for all threads, which its client allows; making one takes 0.2 s. A forked process makes its own."""
        with self._lock:
            if self._resource[0] != os.getpid():
                self._resource = (os.getpid(), self._connect(self.endpoint_url))
            return self._resource[1]

    def _connect(self, endpoint: str) -> Any:
        options = {"region_name": self.region_name, "endpoint_url": endpoint, "config": self.client_config}
        return self._create_session().resource("s3", **options)

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(key)}

    def _prefix(self, folder: str) -> str:
        return f"{self._normalize_name(folder).rstrip('/')}/".lstrip("/")

    # --- reading -----------------------------------------------------------------------------------------------------
    def _open(self, name: str, mode: str = "rb") -> IO[Any]:
        """The whole file: readers of images and meshes seek."""
        copy = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 (the caller closes it)
        with _translated():
            body = self._client.get_object(**self._at(name))["Body"]
            for chunk in body.iter_chunks(MEMORY_BYTES):
                copy.write(chunk)
        copy.seek(0)
        return cast(IO[Any], File(copy, name=name))

    def open_part(self, key: str, first: int, last: int) -> BinaryIO:
        """Only these bytes, while they arrive."""
        part = {"Range": f"bytes={first}-{last}"} if last >= first else {}  # an empty file has no range
        with _translated():
            return cast(BinaryIO, self._client.get_object(**self._at(key), **part)["Body"])

    def exists(self, name: str) -> bool:
        """One request."""
        with _translated():
            return bool(super().exists(name))

    def is_known_missing(self, key: str) -> bool:
        """Unknown: it would take a request."""
        return False

    def link(self, key: str, *, content_type: str, disposition: str) -> str:
        """Signed, for LINK_SECONDS. It is made without a request."""
        headers = {"ResponseContentType": content_type, "ResponseContentDisposition": disposition}
        params = {**self._at(key), **headers}
        client = self._public_client()
        return str(client.generate_presigned_url("get_object", Params=params, ExpiresIn=LINK_SECONDS))

    def _public_client(self) -> Any:
        if self.public_endpoint == self.endpoint_url:
            return self._client
        with self._lock:
            if not hasattr(self, "_public"):
                self._public = self._connect(self.public_endpoint).meta.client
            return self._public

    # --- writing -----------------------------------------------------------------------------------------------------
    def _save(self, name: str, content: Any) -> str:
        """Photos and small files, whose size is limited."""
        content.seek(0)
        self._put(name, content.read())
        return name

    def _put(self, key: str, data: bytes) -> None:
        """The service checks the bytes that arrive against their SHA-256."""
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        with _translated():
            self._client.put_object(**self._at(key), Body=data, ChecksumSHA256=checksum)

    def move_in(self, files: Sequence[NewFile]) -> list[str]:
        """Several at once; large ones in parts."""
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            return list(pool.map(self._upload, files))

    def _upload(self, new: NewFile) -> str:
        if new.path.stat().st_size <= PART_BYTES:
            self._put(new.key, new.path.read_bytes())
        else:
            self._put_in_parts(new)
        return new.key

    def _put_in_parts(self, new: NewFile) -> None:
        at = self._at(new.key)
        more = {"ChecksumAlgorithm": "SHA256", "Metadata": {"sha256": new.sha256}}
        with _translated():
            self._client.upload_file(
                str(new.path), at["Bucket"], at["Key"], ExtraArgs=more, Config=self.transfer_config
            )

    def delete(self, name: str) -> None:
        """One request."""
        with _translated():
            super().delete(name)

    def delete_tree(self, folder: str) -> None:
        """A listing and a request for each KEYS_PER_REQUEST files."""
        with _translated():
            for page in self._pages(self._prefix(folder)):
                if keys := [{"Key": entry["Key"]} for entry in page]:
                    self._delete(keys)

    def _delete(self, keys: list[dict[str, str]]) -> None:
        answer = self._client.delete_objects(Bucket=self.bucket_name, Delete={"Objects": keys, "Quiet": True})
        if errors := answer.get("Errors"):
            raise StorageUnavailable(f"{len(errors)} files were not deleted: {errors[0].get('Message')}")

    # --- the whole ---------------------------------------------------------------------------------------------------
    def _pages(self, prefix: str) -> Iterator[list[dict[str, Any]]]:
        paginator = self._client.get_paginator("list_objects_v2")
        for page in paginator.paginate(Bucket=self.bucket_name, Prefix=prefix):
            yield page.get("Contents", [])

    def _entries(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Names behind the prefix in order, and when they changed."""
        with _translated():
            for page in self._pages(prefix):
                yield from ((entry["Key"].removeprefix(prefix), entry["LastModified"]) for entry in page)

    def tree(self, root: str) -> Iterator[StoredFolder]:
        """From one listing: a request for each folder would cost more."""
        inside = (entry for entry in self._entries(self._prefix(root)) if "/" in entry[0])
        for name, entries in groupby(inside, key=lambda entry: entry[0].split("/")[0]):
            yield _folder(name, list(entries))

    def keys(self) -> Iterator[str]:
        """In order."""
        prefix = f"{self.location}/" if self.location else ""
        return (name for name, _ in self._entries(prefix))

    def free_bytes(self) -> int | None:
        """A bucket has no limit of its own."""
        return None

    def is_available(self) -> bool:
        """One request."""
        try:
            with _translated():
                self._client.head_bucket(Bucket=self.bucket_name)
        except OSError:
            return False
        return True

    def problem(self) -> str:
        """Writes, reads and deletes a small object."""
        bucket, key = self.bucket_name, f".check-{uuid4()}"  # in containers, every process has the id 1
        try:
            self._client.head_bucket(Bucket=bucket)
            self._put(key, b"check")
            with self.open(key) as file:
                whole = file.read() == b"check"
            self.delete(key)
        except ClientError as error:
            return _reason(bucket, self.endpoint_url, error)
        except (BotoCoreError, OSError) as error:
            return f"The storage at {self.endpoint_url} cannot be used: {error}"
        return "" if whole else f"The bucket “{bucket}” returned other bytes than were stored."


def _folder(name: str, entries: list[tuple[str, datetime]]) -> StoredFolder:
    folders: dict[str, datetime] = {}
    for path, changed_at in entries:
        _, child, *deeper = path.split("/")
        if deeper:
            folders[child] = max(changed_at, folders.get(child, changed_at))
    return StoredFolder(name, max(changed_at for _, changed_at in entries), folders)


def _reason(bucket: str, endpoint: str, error: ClientError) -> str:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in (*MISSING, "NoSuchBucket"):
        return f"There is no bucket “{bucket}” at {endpoint}."
    if code in ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
        return f"The key in STORAGE_URL may not use the bucket “{bucket}” at {endpoint}."
    return f"The bucket “{bucket}” at {endpoint} cannot be used: {error}"


@contextmanager
def _translated() -> Iterator[None]:
    """The SDK's errors as FileNotFoundError or StorageUnavailable."""
    try:
        yield
    except ClientError as error:
        if str(error.response.get("Error", {}).get("Code", "")) in MISSING:
            raise FileNotFoundError(str(error)) from error
        raise StorageUnavailable(str(error)) from error
    except (BotoCoreError, Boto3Error) as error:
        raise StorageUnavailable(str(error)) from error
