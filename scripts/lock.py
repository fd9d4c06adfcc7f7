"""Write the requirements-*.txt files, every package with its hashes: `make lock`.

What the site needs stands in the *.in files. uv chooses a version of everything else, keeping those of the *.txt files
where it can, and notes the hashes of all files of each package. This adds two things that uv cannot know:

- torch has other files on an index for the CPU alone (`2.13.0+cpu`), without CUDA's libraries. Their hashes are in
  scripts/torch_cpu_wheels.txt, and stand beside the others, so that either installs. requirements-torch-cpu.txt has
  only them: pip prefers a file whose hash its index states to one in a folder.
- CUDA's libraries go to requirements-cuda.txt, which requirements.txt names as constraints: pip installs them only if
  the torch that it found needs them.

A file that includes another one (`-r`) does not repeat its packages.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("requirements-pip", "requirements", "requirements-s3", "requirements-observability", "requirements-dev")
"""In an order in which each comes after those that it includes."""
CUDA, CPU = "requirements-cuda", "requirements-torch-cpu"
TORCH_CPU = ROOT / "scripts" / "torch_cpu_wheels.txt"
NOTICE = "# Made by `make lock` from {name}.in: change that file, not this one.\n"
CUDA_NOTICE = (
    "# Made by `make lock`: CUDA's libraries, which torch needs unless it is a build for the CPU alone.\n"
    "# requirements.txt names this file as constraints. pip before 26.1 takes no hashes from constraints:\n"
    "#   pip install -r requirements.txt -r requirements-cuda.txt\n"
)
CPU_NOTICE = "# Made by `make lock`: torch for the CPU alone. Install it with --no-deps, before requirements.txt.\n"
MIN_PYTHON = "3.11"
MACHINES = [
    {"python_version": python, "python_full_version": f"{python}.{patch}", "platform_machine": machine}
    for python in ("3.11", "3.12", "3.13", "3.14")
    for patch in ("0", "9")
    for machine in ("x86_64", "aarch64")
]
"""What a package must be needed on: some depend on the Python version."""
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
CPYTHON = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}


@dataclass(frozen=True)
class Entry:
    """A pinned package: `name==version`, where it is needed, and the hashes of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def text(self) -> str:
        """As pip reads it."""
        marker = f" ; {self.marker}" if self.marker else ""
        return " \\\n    ".join(
            [f"{self.name}=={self.version}{marker}", *(f"--hash=sha256:{one}" for one in self.hashes)]
        )


def entries(compiled: str) -> list[Entry]:
    """What uv wrote, without packages that no machine of ours needs."""
    blocks = re.findall(r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\\n((?: +--hash=\S+(?: \\)?\n)+)", compiled, re.MULTILINE)
    found = [
        Entry(name, version, marker, tuple(re.findall(r"sha256:(\w+)", hashes)))
        for name, version, marker, hashes in blocks
    ]
    return [replace(entry, marker=marker) for entry in found if (marker := needed_marker(entry.marker)) is not None]


def needed_marker(marker: str) -> str | None:
    """Empty if every machine needs the package, None if none does."""
    needs = [not marker or Marker(marker).evaluate({**LINUX, **CPYTHON, **machine}) for machine in MACHINES]
    if not any(needs):
        return None
    return "" if all(needs) else marker


def cpu_wheels(entry: Entry, listing: str) -> Entry:
    """The builds of torch for the CPU alone. Raises SystemExit if `listing` has others."""
    wheels = [line.split() for line in listing.splitlines() if line and not line.startswith("#")]
    hashes = [digest for digest, file in wheels if file.startswith(f"torch-{entry.version}+cpu-")]
    if len(hashes) != len(wheels):
        raise SystemExit(f"{TORCH_CPU.name} must list the wheels of torch {entry.version}+cpu, and no others.")
    return replace(entry, version=f"{entry.version}+cpu", hashes=tuple(sorted(hashes)))


def is_cuda(entry: Entry) -> bool:
    """Whether only a torch with CUDA needs it."""
    return entry.name == "triton" or entry.name.startswith(("nvidia-", "cuda-"))


def compiled(uv: str, name: str, known: str) -> str:
    """What uv chooses for `name`.in; it keeps the versions that `known` pins."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.txt"
        out.write_text(known)
        options = [
            "--universal",
            "--python-version",
            MIN_PYTHON,
            "--generate-hashes",
            "--no-header",
            "--no-annotate",
            "--no-config",
        ]
        subprocess.run([uv, "pip", "compile", "--quiet", *options, f"{name}.in", "-o", str(out)], cwd=ROOT, check=True)
        return out.read_text()


def includes(name: str) -> list[str]:
    """The files that `name`.in includes."""
    return re.findall(r"^-r (\S+)\.in$", (ROOT / f"{name}.in").read_text(), re.MULTILINE)


def pinned() -> str:
    """All pins of the files as they are."""
    lines = [
        line
        for name in (*NAMES, CUDA)
        if (path := ROOT / f"{name}.txt").exists()
        for line in path.read_text().splitlines()
    ]
    return "\n".join(line.split(" ")[0] for line in lines if re.match(r"[\w.-]+==", line))


def lock(uv: str, known: str) -> dict[str, str]:
    """Text of each file; versions that `known` pins are kept where they can be."""
    texts: dict[str, str] = {}
    packages: dict[str, set[str]] = {}
    for name in NAMES:
        found = entries(compiled(uv, name, known))
        known += "".join(f"\n{entry.name}=={entry.version}" for entry in found)
        elsewhere = {package for base in includes(name) for package in packages[base]}
        packages[name] = {entry.name for entry in found}
        lines = [f"-r {base}.txt" for base in includes(name)]
        if cuda := [entry for entry in found if is_cuda(entry) and entry.name not in elsewhere]:
            texts[CUDA] = CUDA_NOTICE + "\n".join(replace(entry, marker="").text() for entry in cuda) + "\n"
            lines = [f"-c {CUDA}.txt"]
        own = [entry for entry in found if entry.name not in elsewhere and not is_cuda(entry)]
        for torch in (entry for entry in tuple(own) if entry.name == "torch"):
            cpu = cpu_wheels(torch, TORCH_CPU.read_text())
            texts[CPU] = CPU_NOTICE + cpu.text() + "\n"
            own[own.index(torch)] = replace(torch, hashes=tuple(sorted({*torch.hashes, *cpu.hashes})))
        texts[name] = NOTICE.format(name=name) + "\n".join([*lines, *(entry.text() for entry in own)]) + "\n"
    return texts


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("uv", help="path of uv")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args()
    for name, text in lock(options.uv, "" if options.upgrade else pinned()).items():
        (ROOT / f"{name}.txt").write_text(text)
        sys.stdout.write(f"{name}.txt\n")


if __name__ == "__main__":
    main()
