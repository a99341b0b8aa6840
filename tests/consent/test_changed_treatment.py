"""A patient who turns to another treatment and back finds what was acknowledged."""

import pytest

import bookings.actions
import consent.actions
from tests import make

pytestmark = pytest.mark.django_db


def test_another_treatment_and_back_again_keeps_what_was_acknowledged():
    consultation = make.proven()
    make.acknowledge_all(consultation)
    first, other = consultation.treatment, make.treatment("laser-hair-removal")
    for treatment in (other, first):
        bookings.actions.set_treatment(
            consultation=consultation, treatment=treatment, concern=None, now=make.NOW
        )
    consultation.refresh_from_db()
    assert consultation.risks_acknowledged == 0
    consent.actions.open_reading(consultation=consultation, language="en", now=make.NOW)
    consultation.refresh_from_db()
    assert (consultation.risks_acknowledged, consultation.risks_total) == (4, 4)
