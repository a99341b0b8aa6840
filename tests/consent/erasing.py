"""An erasure as the lead makes it, of visits that were cancelled."""

import datetime as dt

import bookings.actions
import consent.actions
from bookings.models import Consultation
from consent.actions import Basis
from tests import make


def erase(consultation: Consultation, *, basis: Basis = Basis.ASKED, now: dt.datetime = make.NOW):
    lead = make.staff("lead", group="Lead")
    by = lead if basis is Basis.ASKED else None
    return consent.actions.erase(consultation=consultation, basis=basis, by=by, now=now)


def cancelled(**fields) -> Consultation:
    visit = make.confirmed(**fields)
    return bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)


SAME = {
    "patient_name": "Amal",
    "email": "amal@example.com",
    "mobile": "+971500001111",
    "birth_date": dt.date(1991, 2, 3),
}
