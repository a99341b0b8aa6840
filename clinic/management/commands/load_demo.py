"""`manage.py load_demo`: the demo clinic, some weeks of it; it can be run twice."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from clinic import clock
from clinic.management import demo_catalogue, demo_weeks
from clinic.models import Clinic


class Command(BaseCommand):
    help = "Loads the demo clinic: its catalogue, its staff, and some weeks of consultations."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where a clinic is set up already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "The demo is not for production: its evidence is marked as demo data."
            )
        if options["if_empty"] and Clinic.objects.exists():
            self.stdout.write("There is a clinic already; nothing was loaded.")
            return
        now = clock.now()
        with transaction.atomic():
            demo_catalogue.load(now=now)
            count = demo_weeks.load(now=now)
        self.stdout.write(f"The demo clinic stands, with {count} consultations.")
