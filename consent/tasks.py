"""Celery's way in: three-line tasks, woken by beat; nothing is scheduled in the broker."""

from celery import shared_task

from clinic import clock
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
