"""Celery's application: `celery -A clinic worker` and `celery -A clinic beat`."""

import os

from celery import Celery
from django.conf import settings

from clinic import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
embedded.join()
app = Celery("clinic")
app.conf.update(settings.CELERY)
app.autodiscover_tasks()
