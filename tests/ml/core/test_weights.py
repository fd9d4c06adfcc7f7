"""The folder that downloaded weights are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml.core.weights import models_folder


def test_weights_are_kept_in_var_models_beside_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELS_DIR", raising=False)
    assert models_folder() == Path(__file__).resolve().parents[3] / "var" / "models"


def test_the_environment_can_name_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS_DIR", "/srv/weights")
    assert models_folder() == Path("/srv/weights")
