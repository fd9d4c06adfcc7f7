"""Which module imports which, read from the source of our own packages."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ml", "jobs", "accounts", "reconsite")


@dataclass(frozen=True)
class Import:
    """One import of one file. `deferred`: inside a function, so that it runs on first use."""

    importer: str
    name: str
    deferred: bool


@cache
def modules() -> dict[str, Path]:
    """Every module of our packages by its dotted name."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {_dotted(path): path for path in paths}


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> tuple[Import, ...]:
    """Every import in our packages, of own modules and of libraries, except those for type checkers only."""
    return tuple(entry for module, path in modules().items() for entry in _imports_of(module, path))


def _imports_of(module: str, path: Path) -> Iterator[Import]:
    stack: list[tuple[ast.AST, bool]] = [(ast.parse(path.read_text()), False)]
    while stack:
        node, deferred = stack.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield from (Import(module, name, deferred) for name in _names(node, path))
        inside = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        stack += [(child, inside) for child in ast.iter_child_nodes(node)]


def _names(node: ast.AST, path: Path) -> list[str]:
    """What an import statement names: `from a import b` counts as `a.b` if that is an own module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    assert node.level == 0 and node.module, f"{path} has a relative import"
    full = [f"{node.module}.{alias.name}" for alias in node.names]
    return [name if name in modules() or node.module not in modules() else node.module for name in full]


def own_module(name: str) -> str | None:
    """The own module that an imported name belongs to, None for a library."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


@cache
def graph(*, deferred: bool) -> Mapping[str, frozenset[str]]:
    """The own modules that each module imports; with `deferred` also those inside functions."""
    targets: dict[str, set[str]] = {module: set() for module in modules()}
    for entry in imports():
        target = own_module(entry.name)
        if target and target != entry.importer and (deferred or not entry.deferred):
            targets[entry.importer].add(target)
    return {module: frozenset(names) for module, names in targets.items()}


def reachable(module: str) -> set[str]:
    """`module` and all own modules that are loaded with it: what it imports, and the packages that contain these."""
    loaded: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in modules() and name not in loaded:
            loaded.add(name)
            waiting += [*graph(deferred=False)[name], *_parents(name)]
    return loaded


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def libraries(loaded: Iterable[str]) -> set[tuple[str, str]]:
    """Importer and name of everything that these modules import from libraries when they are loaded."""
    importers = set(loaded)
    return {
        (entry.importer, entry.name)
        for entry in imports()
        if entry.importer in importers and not entry.deferred and own_module(entry.name) is None
    }


def is_inside(name: str, *packages: str) -> bool:
    """True for one of the packages and for everything in them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def circle(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """One circle of a graph, empty if there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
