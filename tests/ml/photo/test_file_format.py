"""Formats by magic bytes, and files that would take very long to decode."""

from __future__ import annotations

import pytest

from ml.errors import ReconstructionError
from ml.photo.file_format import MAX_SCANS, check_structure, count_scans, kind_of
from tests.ml.conftest import corner_picture, encoded

SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"


def jpeg(**options: object) -> bytes:
    return encoded(corner_picture(), "JPEG", **options)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_the_format_is_recognised_by_its_magic_bytes(kind: str) -> None:
    assert kind_of(encoded(corner_picture(), kind)[:16]) == kind


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_heic_is_recognised_by_its_brand(brand: bytes) -> None:
    assert kind_of(b"\0\0\0\x18ftyp" + brand) == "HEIF"


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty_file"), (b"\0\0\0\x18ftypmp42", "unsupported_type"), (b"BM", "unsupported_type")]
)
def test_other_files_are_rejected(data: bytes, code: str) -> None:
    with pytest.raises(ReconstructionError) as error:
        kind_of(data)
    assert error.value.code == code


def test_the_scans_of_a_progressive_jpeg_are_counted() -> None:
    assert count_scans(jpeg()) == 1
    assert 2 < count_scans(jpeg(progressive=True)) < 20


def test_scan_markers_after_the_picture_do_not_count() -> None:
    assert count_scans(jpeg() + SCAN * 500) == 1


def test_a_jpeg_with_too_many_scans_is_rejected() -> None:
    check_structure(jpeg()[:-2] + SCAN * (MAX_SCANS - 1), "JPEG")
    with pytest.raises(ReconstructionError) as error:
        check_structure(jpeg()[:-2] + SCAN * MAX_SCANS, "JPEG")
    assert error.value.code == "unreadable_image"
