"""`manage.py rotate_ledger_key`: writes down that a new key signs the ledger from now on."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from clinic import clock
from consent.actions import rotating
from consent.ledger import keys


class Command(BaseCommand):
    help = (
        "Write the entry by which LEDGER_PREVIOUS_KEY hands over to LEDGER_KEY, signed by both. "
        "Restart everything with the new LEDGER_KEY first; then forget the old one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LEDGER_PREVIOUS_KEY:
            raise CommandError("Set LEDGER_PREVIOUS_KEY to the key that signed until now.")
        try:
            previous = keys.key_from(settings.LEDGER_PREVIOUS_KEY)
            entry = rotating.rotate(previous=previous, now=clock.now())
        except (ImproperlyConfigured, rotating.NotRotated) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Entry {entry.entry_hash}: the key is {entry.key_id} from now on.")
