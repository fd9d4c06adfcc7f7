"""`manage.py fetch_models`: what cannot be fetched is reported in one line."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ml.core.weights import FetchError


def test_the_path_of_existing_weights_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.cli.fetch_background.fetch_background", lambda model: Path(f"/weights/{model}.onnx"))
    out = StringIO()
    call_command("fetch_models", stdout=out)
    assert out.getvalue() == "background: /weights/u2netp.onnx\n"


def no_network(model: str) -> Path:
    raise FetchError("No network.")


def test_unreachable_weights_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.cli.fetch_background.fetch_background", no_network)
    with pytest.raises(CommandError, match="background was not fetched"):
        call_command("fetch_models")


def test_optional_weights_are_only_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.cli.fetch_background.fetch_background", no_network)
    errors = StringIO()
    call_command("fetch_models", "--optional", stderr=errors)
    assert "No network." in errors.getvalue()


def test_a_wrong_checkpoint_is_rejected(tmp_path: Path) -> None:
    wrong = tmp_path / "model.ckpt"
    wrong.write_bytes(b"not the published weights")
    with pytest.raises(CommandError, match=r"model\.ckpt"):
        call_command("fetch_models", "triposr", file=wrong)
