"""Log lines say which request and which job they belong to."""

import json
import logging
from logging.config import DictConfigurator
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from reconsite.core import log_context
from reconsite.middleware import name_requests


def json_line(message: str) -> dict[str, str]:
    """What LOG_FORMAT=json writes for a message that is logged now."""
    record = logging.LogRecord("jobs", logging.WARNING, __file__, 1, message, None, None)
    log_context.AddContext().filter(record)
    logging_settings: Any = site_settings.LOGGING
    spec = dict(logging_settings["formatters"]["json"])
    line: dict[str, str] = json.loads(DictConfigurator({"version": 1}).configure_formatter(spec).format(record))
    return line


def answer(sent: str = "") -> tuple[HttpResponse, dict[str, str]]:
    """The response to a request with this X-Request-ID, and the line that was logged meanwhile."""
    lines: list[dict[str, str]] = []

    def view(request: HttpRequest) -> HttpResponse:
        lines.append(json_line("Hello"))
        return HttpResponse()

    headers = {"x-request-id": sent} if sent else {}
    return name_requests(view)(RequestFactory().get("/", headers=headers)), lines[0]


def test_a_json_line_holds_time_level_logger_and_message() -> None:
    line = json_line("Hello")
    assert set(line) == {"time", "level", "logger", "message"}
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "jobs", "Hello")


def test_lines_of_a_request_carry_the_id_that_its_answer_has() -> None:
    response, line = answer()
    assert line["request_id"] == response["X-Request-ID"]
    assert len(line["request_id"]) == 32
    assert "request_id" not in json_line("Later")


def test_two_requests_have_two_ids(client: Client) -> None:
    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


@pytest.mark.parametrize("sent", ["4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"])
def test_the_id_of_a_proxy_is_kept(settings: Settings, sent: str) -> None:
    settings.BEHIND_PROXY = True
    assert answer(sent)[0]["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["short", "x" * 65, "a line\nbreak", "with spaces in it"])
def test_an_odd_id_is_replaced(settings: Settings, sent: str) -> None:
    settings.BEHIND_PROXY = True
    assert answer(sent)[0]["X-Request-ID"] != sent


def test_without_a_proxy_a_client_does_not_choose_the_id() -> None:
    assert answer("chosen-by-the-client")[0]["X-Request-ID"] != "chosen-by-the-client"


def test_lines_of_a_run_carry_its_job() -> None:
    with log_context.job("7b0c"):
        assert json_line("Working")["job_id"] == "7b0c"
    assert "job_id" not in json_line("Waiting")
