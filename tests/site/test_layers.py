"""Each layer knows nothing of those above it (docs/decisions/0007).

The rules are about folders: a new file is guarded by its folder, and a new folder fails until `LAYERS` names it.
"""

from __future__ import annotations

import subprocess
import sys

from tests.site.import_graph import ROOT, circle, graph, imports, is_inside, libraries, modules, own_module, reachable

LAYERS = (
    "ml",
    "ml.core",
    "ml.photo",
    "ml.scene",
    "ml.mesh",
    "ml.texture",
    "ml.render",
    "ml.export",
    "ml.engines",
    "ml.multiview",
    "ml.pipeline",
    "ml.serve",
    "ml.cli",
    "ml.training",
    "ml.evaluation",
    "ml entry points",
    "reconsite.core",
    "reconsite.admin",
    "accounts.models",
    "accounts.migrations",
    "accounts.core",
    "jobs.models",
    "jobs.migrations",
    "jobs.core",
    "jobs.work",
    "jobs.http",
    "jobs.live",
    "jobs.api",
    "jobs.pages",
    "jobs.views",
    "jobs.admin",
    "jobs.management",
    "jobs",
    "accounts.data",
    "accounts.pages",
    "accounts.api",
    "accounts.views",
    "accounts",
    "reconsite",
)
"""From bottom to top: each layer may import only from those before it. A layer is a folder with all that is in it.

The files in the root of `ml` are its lowest layer, except for its two entry points. Those in the root of an app are
its highest layer (`urls`, `apps`, `admin`), except for `models`, which Django expects there.
"""
SITE = ("django", "redis", "rq", "django_rq", "channels", "rest_framework", "jobs", "accounts", "reconsite")
EDGES = ("django.http", "django.shortcuts", "django.template", "django.forms", "django.views", "rest_framework")

DEFERRED = {
    ("jobs.work.engine_process", "ml.pipeline.reconstruct"): "without a warm engine, in the process of one job",
    ("jobs.management.commands.fetch_models", "ml.cli.fetch_background"): "a command, which is a process of its own",
}
"""Imports of `ml` inside functions of the site, and the process in which they run."""


def layer(module: str) -> str:
    """The layer of a module."""
    app, *rest = module.split(".")
    if app == "ml" and rest in ([], ["__main__"]):
        return "ml entry points"
    if not rest or (len(rest) == 1 and not is_folder(module) and rest != ["models"]):
        return app
    return f"{app}.{rest[0]}"


def is_folder(module: str) -> bool:
    return modules()[module].name == "__init__.py"


def rank(module: str) -> int:
    return LAYERS.index(layer(module))


def test_every_file_is_in_a_known_layer() -> None:
    assert {layer(module) for module in modules()} - set(LAYERS) == set()


def test_a_layer_imports_only_from_layers_below_it() -> None:
    arrows = [(module, target) for module, targets in graph(deferred=True).items() for target in targets]
    assert [arrow for arrow in arrows if rank(arrow[0]) < rank(arrow[1])] == []


def test_files_have_no_import_circle() -> None:
    assert circle(graph(deferred=True)) == []


def test_folders_have_no_import_circle() -> None:
    layers: dict[str, set[str]] = {}
    for module, targets in graph(deferred=True).items():
        layers.setdefault(layer(module), set()).update({layer(target) for target in targets} - {layer(module)})
    assert circle(layers) == []


def test_ml_knows_nothing_of_the_site() -> None:
    assert [entry for entry in imports() if is_inside(entry.importer, "ml") and is_inside(entry.name, *SITE)] == []


def test_the_core_of_jobs_loads_no_requests_templates_or_forms() -> None:
    core = [module for module in modules() if is_inside(module, "jobs.models", "jobs.core", "jobs.work")]
    assert {entry for module in core for entry in libraries(reachable(module)) if is_inside(entry[1], *EDGES)} == set()


def of_the_site(module: str) -> bool:
    return not is_inside(module, "ml")


def test_the_site_loads_only_the_root_of_ml() -> None:
    loaded = {
        target
        for module, targets in graph(deferred=False).items()
        for target in targets
        if of_the_site(module) and not of_the_site(target) and layer(target) != "ml"
    }
    assert loaded == set()


def test_imports_of_ml_inside_functions_are_declared() -> None:
    deferred = {
        (entry.importer, own_module(entry.name))
        for entry in imports()
        if entry.deferred and of_the_site(entry.importer) and is_inside(entry.name, "ml")
    }
    assert deferred == set(DEFERRED)


def test_what_the_site_loads_of_ml_needs_no_heavy_library() -> None:
    light = [module for module in modules() if layer(module) == "ml"]
    heavy = ("torch", "rembg", "onnxruntime", "scipy", "cv2", "trimesh", "huggingface_hub")
    assert [entry for module in light for entry in libraries(reachable(module)) if is_inside(entry[1], *heavy)] == []


def test_the_workers_parent_and_the_web_process_load_no_torch() -> None:
    """A fork hangs after torch has computed, and a web process has no use for its 300 MB."""
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'reconsite.settings'; django.setup();"
        "import jobs.work.worker, jobs.work.runner, jobs.urls, jobs.live.consumers, reconsite.asgi, reconsite.urls;"
        "import jobs.management.commands.worker;"
        "sys.exit('torch' in sys.modules or 'rembg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
