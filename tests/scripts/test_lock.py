"""The requirements files pin every package with hashes, name no index, and allow the build of torch for the CPU."""

from __future__ import annotations

import re

import pytest

from scripts import lock
from scripts.preflight import ROOT

FILES = [f"{name}.txt" for name in (*lock.NAMES, lock.CUDA, lock.CPU)]
DIGEST = "0" * 64


def text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", FILES)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    packages = re.split(r"\n(?! )", text(name).strip())
    others = [
        line for line in packages if not re.match(r"[\w.-]+==[^\\]+ \\\n( +--hash=sha256:\w{64}( \\)?\n?)+$", line)
    ]
    assert [line for line in others if not re.match(r"#|-[rc] requirements", line)] == []


@pytest.mark.parametrize("name", [*FILES, *(f"{name}.in" for name in lock.NAMES)])
def test_no_file_names_an_index(name: str) -> None:
    assert not re.search(r"https?://|index-url|find-links", text(name))


@pytest.mark.parametrize("name", lock.NAMES)
def test_what_was_asked_for_is_what_was_locked(name: str) -> None:
    wanted = re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", text(f"{name}.in"), re.MULTILINE)
    locked = set(re.findall(r"^([\w.-]+)==([\w.]+)", text(f"{name}.txt"), re.MULTILINE))
    assert wanted
    assert set(wanted) <= locked, "run `make lock`"


def test_torch_may_be_the_build_for_the_cpu_without_cudas_libraries() -> None:
    (torch,) = (entry for entry in lock.entries(text("requirements.txt")) if entry.name == "torch")
    lines = [line.split() for line in lock.TORCH_CPU.read_text().splitlines()[1:]]
    wheels = {file: digest for digest, file in lines}
    assert {
        f"torch-{torch.version}+cpu-cp31{n}-cp31{n}-manylinux_2_28_x86_64.whl" for n in (1, 2, 3, 4)
    } <= wheels.keys()
    assert set(wheels.values()) < set(torch.hashes)
    (alone,) = lock.entries(text(f"{lock.CPU}.txt"))
    assert (alone.version, set(alone.hashes)) == (f"{torch.version}+cpu", set(wheels.values()))
    assert not any(lock.is_cuda(entry) for entry in lock.entries(text("requirements.txt")))
    assert f"-c {lock.CUDA}.txt" in text("requirements.txt")


def test_a_file_does_not_repeat_what_it_includes() -> None:
    names = [entry.name for name in lock.NAMES[1:] for entry in lock.entries(text(f"{name}.txt"))]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("marker", "needed"),
    [
        ("", ""),
        ("sys_platform == 'linux'", ""),
        ("sys_platform == 'win32'", None),
        ("platform_python_implementation == 'PyPy'", None),
        ("python_full_version < '3.11.3'", "python_full_version < '3.11.3'"),
        ("platform_machine == 'x86_64'", "platform_machine == 'x86_64'"),
    ],
)
def test_markers_are_kept_only_where_machines_differ(marker: str, needed: str | None) -> None:
    assert lock.needed_marker(marker) == needed


def test_wheels_of_another_torch_stop_the_lock() -> None:
    listing = f"{DIGEST}  torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    assert lock.cpu_wheels(lock.Entry("torch", "2.13.0", "", ("1" * 64,)), listing) == lock.Entry(
        "torch", "2.13.0+cpu", "", (DIGEST,)
    )
    with pytest.raises(SystemExit, match=r"must list the wheels of torch 2\.14\.0\+cpu"):
        lock.cpu_wheels(lock.Entry("torch", "2.14.0", "", ()), listing)


def test_entries_are_read_as_uv_writes_them() -> None:
    digest = f" \\\n    --hash=sha256:{DIGEST}"
    compiled = f"a==1.0{digest}{digest}\nb-c==2 ; sys_platform == 'win32'{digest}\n"
    assert lock.entries(compiled) == [lock.Entry("a", "1.0", "", (DIGEST, DIGEST))]
