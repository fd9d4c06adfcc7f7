"""The registry of engines: every entry leads to functions that exist."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest

from ml.engine_registry import AUTO, ENGINES, EngineSpec, engine_choices, engine_names


@pytest.mark.parametrize("spec", ENGINES.values(), ids=ENGINES)
def test_every_function_of_an_engine_can_be_imported(spec: EngineSpec) -> None:
    for reference in (spec.make, spec.load_scene, spec.is_installed, spec.fetch):
        assert reference is None or callable(resolve_name(reference))


def test_no_two_engines_save_the_same_kind_of_scene_or_have_the_same_rank() -> None:
    kinds = [spec.scene_kind for spec in ENGINES.values()]
    ranks = [spec.auto_rank for spec in ENGINES.values() if spec.auto_rank]
    assert len(set(kinds)) == len(kinds)
    assert len(set(ranks)) == len(ranks) > 0


def test_a_form_offers_auto_and_every_engine() -> None:
    assert engine_names() == (AUTO, *ENGINES)
    assert [name for name, _ in engine_choices()] == list(engine_names())
    assert all(label for _, label in engine_choices())
