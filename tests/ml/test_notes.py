"""Notes: a closed list of codes, and the JSON of reports, old ones too."""

from __future__ import annotations

import pytest

from ml.notes import NOTES, Note, note, notes_from_json, notes_to_json


def test_a_note_has_its_message_filled_in() -> None:
    assert note("cut_off", edges="left edge").message.count("left edge") == 1


def test_an_unknown_code_is_an_error() -> None:
    with pytest.raises(KeyError):
        note("nonsense")


def test_json_gives_the_same_notes_back_each_once() -> None:
    notes = (note("blurred"), note("cut_off", edges="left edge"))
    assert notes_from_json(notes_to_json([*notes, *notes])) == notes


def test_a_message_of_an_earlier_version_is_kept() -> None:
    assert notes_from_json(["Said."]) == (Note("other", "Said."),)


def test_a_code_of_a_later_version_is_kept_without_a_remedy() -> None:
    (unknown,) = notes_from_json([{"code": "later", "message": "Said."}])
    assert (unknown.code, unknown.message, unknown.remedy) == ("later", "Said.", "")


@pytest.mark.parametrize("code", NOTES)
def test_a_message_is_a_sentence(code: str) -> None:
    assert NOTES[code].message[-1] in ".}", code
