"""The example that the tests of both evaluations share."""

from __future__ import annotations

import pytest

from ml.evaluation import single_photo
from ml.evaluation.single_photo import Example
from ml.training import shapes

OBJECT, VIEW = 1, 7
"""Seeds of the shared object and of its view."""


@pytest.fixture(scope="session")
def example() -> Example:
    return single_photo.make_example(shapes.generate(OBJECT), VIEW)
