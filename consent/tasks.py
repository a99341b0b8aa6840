"""Celery's way in: three-line tasks, woken by beat; nothing is scheduled in the broker."""

from celery import shared_task
from django.contrib.sessions.models import Session

from clinic import clock
from consent import actions, verifying
from consent.actions import anchoring, growing


@shared_task
def grow_ledger() -> None:
    """Takes new entries into the tree and signs its head."""
    growing.grow(now=clock.now())


@shared_task
def grow_whole_ledger() -> None:
    """The same, looking at every entry there is: for one that was committed very late."""
    growing.grow(now=clock.now(), whole=True)


@shared_task
def anchor_ledger() -> None:
    """Keeps new heads outside the database."""
    anchoring.anchor(now=clock.now())


@shared_task(time_limit=6 * 3600)
def verify_ledger() -> None:
    """Each night: recomputes everything and writes down what was found, for the desk."""
    report = verifying.verify(now=clock.now(), processes=1)
    verifying.note(report, finished_at=clock.now())


@shared_task
def erase_what_is_due() -> None:
    """Erases what has been kept long enough, and the browsers' sessions that have run out."""
    now = clock.now()
    Session.objects.filter(expire_date__lt=now).delete()
    actions.erase_due(now=now)
