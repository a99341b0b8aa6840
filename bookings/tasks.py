"""Celery's way in: three-line tasks, woken by beat; nothing is scheduled in the broker."""

from celery import shared_task

from bookings import actions
from clinic import clock


@shared_task
def expire_holds() -> None:
    """Lets go of the times whose hold ran out."""
    actions.expire_holds(now=clock.now())
