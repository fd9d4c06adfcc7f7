"""What people's files really hold: accepted with the right colours, or refused with the right code."""

from __future__ import annotations

import numpy as np
import pytest

from ml.errors import ReconstructionError
from ml.photo.decode import open_photo
from tests.ml.photo.odd_files import ODD_FILES


def test_there_are_enough_of_them() -> None:
    assert len(ODD_FILES) >= 120


@pytest.mark.parametrize("name", [name for name, file in ODD_FILES.items() if file.code])
def test_an_odd_file_is_refused_with_its_code(name: str) -> None:
    with pytest.raises(ReconstructionError) as error:
        open_photo(ODD_FILES[name].make())
    assert error.value.code == ODD_FILES[name].code


@pytest.mark.parametrize("name", [name for name, file in ODD_FILES.items() if not file.code])
def test_an_odd_file_is_shown_as_a_browser_shows_it(name: str) -> None:
    file = ODD_FILES[name]
    photo = open_photo(file.make())
    height, width = photo.pixels.shape[:2]
    assert width / height == pytest.approx(384 / 256, rel=0.06)
    for place, (color, alpha) in enumerate(zip(file.colors, file.alpha, strict=True)):
        row, column = divmod(place, 2)
        area = photo.pixels[height // 8 + row * height // 2 :, width // 8 + column * width // 2 :][
            : height // 4, : width // 4
        ]
        mean = area.reshape(-1, area.shape[2]).mean(axis=0)
        if color:
            assert np.abs(mean[:3] - color).max() <= file.tolerance, f"quarter {place}: {mean}, expected {color}"
        assert (mean[3] if len(mean) == 4 else 255) == pytest.approx(alpha, abs=file.tolerance)
    assert ("damaged" in [entry.code for entry in photo.notes]) == file.damaged
