"""What downloaded files are called: after the model, and an OBJ and its MTL refer to each other by these names."""

from __future__ import annotations

from typing import IO

from anyascii import anyascii
from django.utils.text import slugify

from ml import files

MAX_LENGTH = 60
"""Characters of a title in a file name: long enough to tell models apart, short enough for every file system."""
STEM = "mesh"
"""With this the names of the model's own files begin; in a download the title stands in its place."""
HEAD = 512
"""Bytes at the start of an OBJ or MTL that contain all its references."""
_REFERENCES = {
    files.OBJ: ("mtllib mesh.mtl", "o model", "usemtl model"),
    files.MTL: ("newmtl model", "map_Kd mesh_texture.png"),
}
"""The lines that refer to other files or to the material, as `ml.export.write` writes them."""


def slug_of(title: str) -> str:
    """The title as a file name: transliterated to ASCII, in lower case, with hyphens."""
    return slugify(anyascii(title))[:MAX_LENGTH].strip("-_") or "model"


def download_name(name: str, slug: str) -> str:
    """The name of the downloaded file: `mesh.obj` of "Große Kugel" is `grosse-kugel.obj`."""
    return name_in_bundle(name, slug) if name.startswith(STEM) else f"{slug}-{name}"


def name_in_bundle(name: str, slug: str) -> str:
    """The same inside a folder that is called after the model: only the model's own files take its name."""
    return slug + name.removeprefix(STEM) if name.startswith(STEM) else name


def has_references(name: str) -> bool:
    """True for a file whose content changes with its name."""
    return name in _REFERENCES


def renamed_head(name: str, slug: str, file: IO[bytes]) -> tuple[bytes, int]:
    """The start of `file` with its references renamed, and how many bytes of the file it replaces.

    Files of other kinds, and lines that are not there, stay as they are.
    """
    if not has_references(name):
        return b"", 0
    head = file.read(HEAD)
    return b"".join(_renamed(line, name, slug) for line in head.splitlines(keepends=True)), len(head)


def _renamed(line: bytes, name: str, slug: str) -> bytes:
    text = line.rstrip(b"\n").decode(errors="replace")
    if text not in _REFERENCES[name] or not line.endswith(b"\n"):
        return line
    keyword, _, target = text.partition(" ")
    return f"{keyword} {slug if target == 'model' else download_name(target, slug)}\n".encode()
