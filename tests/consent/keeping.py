"""Erasure requests and legal holds at the desk: of whom they are, and the addresses of their pages."""

from bs4 import BeautifulSoup

import bookings.actions
import consent.actions
from bookings.models import Consultation
from consent.models import ErasureRequest
from tests import desk, make

REQUESTS, HOLDS = "consent_erasurerequest", "consent_legalhold"
NAME, EMAIL = "Zubaida Kanari", "kanari@example.net"


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text_of(response) -> str:
    return " ".join(soup_of(response).get_text(" ").split())


def cancelled(**fields) -> Consultation:
    visit = make.confirmed(patient_name=NAME, email=EMAIL, **fields)
    return bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)


def asked_for(consultation: Consultation) -> ErasureRequest:
    return consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)


def page(asked: ErasureRequest, name: str = "change") -> str:
    return desk.url(f"{REQUESTS}_{name}", asked.pk)
