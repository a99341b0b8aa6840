"""What the tests of pages may ask for."""

import pytest

from tests import make
from tests.bookings.steps import open_from_9_to_11, set_clock


@pytest.fixture
def open_clinic(monkeypatch):
    """The clinic with one dermatologist, at ten in the morning of make.NOW."""
    make.clinic()
    open_from_9_to_11()
    set_clock(monkeypatch, make.NOW)
