"""Signing in to the desk, and the addresses of its pages and buttons."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bookings.models import Consultation
from tests import make


def client_of(user: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def reception() -> Client:
    return client_of(make.staff("reception", group="Reception"))


def lead() -> Client:
    return client_of(make.staff("lead", group="Lead"))


def dermatologist(slug: str = "huda") -> Client:
    """A browser of the dermatologist with this slug."""
    row = make.dermatologist(slug)
    if row.user is None:
        row.user = make.staff(slug, group="Dermatologists")
        row.save(update_fields=["user"])
    return client_of(row.user)


def url(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def page(consultation: Consultation) -> str:
    return url("bookings_consultation_change", consultation.pk)


def button(consultation: Consultation, verb: str) -> str:
    """The address behind a button of a consultation."""
    return url(f"bookings_consultation_{verb}", consultation.pk)


LIST = "bookings_consultation_changelist"
