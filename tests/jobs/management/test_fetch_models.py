"""`manage.py fetch_models`: what cannot be had is said in one sentence."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ml.core.weights import FetchError


def test_weights_that_are_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.cli.fetch_background.fetch_background", lambda model: Path(f"/weights/{model}.onnx"))
    out = StringIO()
    call_command("fetch_models", stdout=out)
    assert out.getvalue() == "background: /weights/u2netp.onnx\n"


def no_network(model: str) -> Path:
    raise FetchError("No network.")


def test_weights_that_cannot_be_had_end_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.cli.fetch_background.fetch_background", no_network)
    with pytest.raises(CommandError, match="background was not fetched"):
        call_command("fetch_models")


def test_where_they_are_optional_it_is_only_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.cli.fetch_background.fetch_background", no_network)
    errors = StringIO()
    call_command("fetch_models", "--optional", stderr=errors)
    assert "No network." in errors.getvalue()


def test_a_checkpoint_on_disk_that_is_wrong_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "model.ckpt"
    wrong.write_bytes(b"not the published weights")
    with pytest.raises(CommandError, match=r"model\.ckpt"):
        call_command("fetch_models", "triposr", file=wrong)
