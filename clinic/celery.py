"""Celery's application: `celery -A clinic worker` and `celery -A clinic beat`."""

import os

from celery import Celery
from celery.schedules import crontab
from django.conf import settings
from kombu.transport import redis

from clinic import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
embedded.join()
# What a worker has in hand when it loses Redis is not put back, over the lost line (settings.CELERY).
redis.Channel.do_restore = False
app = Celery("clinic")
app.conf.update(settings.CELERY)
app.autodiscover_tasks()

# Rows in PostgreSQL are the truth; beat only wakes the tasks, every so many seconds. A tick that waited
# does no harm and has no `expires`: beat writes that by its own clock and the worker reads it by its own,
# so that a worker whose clock is an hour ahead would do nothing at all, without an error.
app.conf.beat_schedule = {
    name: {"task": f"{app_name}.tasks.{name}", "schedule": every}
    for app_name, name, every in (
        ("bookings", "send_due_messages", 2.0),
        ("bookings", "expire_holds", 10.0),
        ("bookings", "offer_times", 10.0),
        ("bookings", "forget_kept_answers", 600.0),
        ("consent", "grow_ledger", 20.0),
        ("consent", "grow_whole_ledger", 3600.0),
        ("consent", "anchor_ledger", 20.0),
        ("consent", "verify_ledger", crontab(hour=23, minute=17)),  # UTC: 03:17 in Dubai
        # Once a day would never come where beat is started anew each day.
        ("consent", "erase_what_is_due", 3600.0),
    )
}
