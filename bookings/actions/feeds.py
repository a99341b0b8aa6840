"""A dermatologist's private calendar feed: made, given another address, ended (docs/decisions/011)."""

import secrets

from django.db import transaction

from clinic.models import Dermatologist

HIGHEST = 2**31 - 1  # of a PositiveIntegerField


def make_feed(*, dermatologist: Dermatologist) -> Dermatologist:
    """Gives the dermatologist a feed. Who has one already keeps it, and its address."""
    with transaction.atomic():
        locked = _lock(dermatologist)
        return locked if locked.feed_serial else _number(locked, _another(locked))


def replace_feed(*, dermatologist: Dermatologist) -> Dermatologist:
    """Gives the feed another address; the older one answers no more."""
    with transaction.atomic():
        locked = _lock(dermatologist)
        return _number(locked, _another(locked))


def end_feed(*, dermatologist: Dermatologist) -> Dermatologist:
    """Ends the feed: no address answers. Ended already: nothing happens."""
    with transaction.atomic():
        return _number(_lock(dermatologist), 0)


def _another(dermatologist: Dermatologist) -> int:
    """A number by chance: one that counts up from 0 again would bring ended addresses back."""
    number = dermatologist.feed_serial
    while number == dermatologist.feed_serial:
        number = 1 + secrets.randbelow(HIGHEST)
    return number


def _lock(dermatologist: Dermatologist) -> Dermatologist:
    return Dermatologist.objects.select_for_update().get(pk=dermatologist.pk)


def _number(dermatologist: Dermatologist, serial: int) -> Dermatologist:
    dermatologist.feed_serial = serial
    dermatologist.save(update_fields=["feed_serial"])
    return dermatologist
