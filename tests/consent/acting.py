"""What the tests of acts share: a clock that moves on, the words on a button, and what was kept of a reason."""

import datetime as dt

from clinic import clock
from consent.models import Particulars

MINUTE = dt.timedelta(minutes=1)
STOP = "I do not want to go on: cancel it"


def at(monkeypatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def kept(commitment: str) -> str:
    return Particulars.objects.get(commitment=commitment).value
