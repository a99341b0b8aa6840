"""Celery's way in: three-line tasks, woken by beat; nothing is scheduled in the broker."""

from celery import shared_task

from bookings import actions, delivery, owing
from clinic import clock
from clinic.models import KeptAnswer


@shared_task
def send_due_messages() -> None:
    """Notes which e-mails are owed and sends those that are due."""
    now = clock.now()
    owing.note_owed(now=now)
    actions.tell_of_returned(now=now)
    delivery.send_due(now=now)


@shared_task
def expire_holds() -> None:
    """Lets go of the times whose hold ran out."""
    actions.expire_holds(now=clock.now())


@shared_task
def offer_times() -> None:
    """Offers times that came free to those who wait."""
    actions.offer_times(now=clock.now())


@shared_task
def forget_kept_answers() -> None:
    """Deletes the API's answers that were kept for a day."""
    KeptAnswer.objects.run_out(now=clock.now()).delete()
