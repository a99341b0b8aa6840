"""The page of a side effect as a patient has it, and what is sent from it, over the pages and the API."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import consent.actions
from bookings.models import Consultation
from consent.models import Reading, Risk
from tests import make
from tests.bookings.api import Api, token_of
from tests.person import Person

HOUR = dt.timedelta(hours=1)


@dataclass
class Page:
    """The page of the first side effect as a patient has it, and what will be sent from it."""

    consultation: Consultation
    reading: Reading
    risk: Risk
    shown: str
    more: dict[str, Any] = field(default_factory=dict)


def page_of(consultation: Consultation) -> Page:
    """A page whose reading has one act already, so that there is something to carry over."""
    reading = consent.actions.open_reading(consultation=consultation, language="en", now=make.NOW)
    first, second = reading.risk_list.risks.order_by("position")[:2]
    consent.actions.acknowledge(
        consultation=consultation, shown=token(reading, first), understood=True, now=make.NOW
    )
    return Page(consultation, reading, second, token(reading, second))


def token(reading: Reading, risk: Risk, *, now: dt.datetime = make.NOW) -> str:
    return consent.actions.shown(reading=reading, risk=risk, now=now)


def another() -> Page:
    """The page of somebody else."""
    return page_of(make.proven(starts_at=make.TOMORROW_AT_9 + HOUR))


def by_page(page: Page, act: str) -> int:
    sent = {"shown": page.shown, **page.more}
    sent |= {"act": "talk"} if act == "talk" else {"understood": "on"}
    path = f"/book/risks/{page.risk.position}/"
    return Person().walks(page.consultation).client.post(path, sent).status_code


def by_api(page: Page, act: str) -> int:
    sent = {"shown": page.shown, **page.more} | ({} if act == "talk" else {"understood": True})
    path = "wishes" if act == "talk" else "acknowledgements"
    return Api(token=token_of(page.consultation)).post(f"consultation/{path}/", **sent).status_code
