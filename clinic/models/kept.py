"""The answers of the API that are kept for a day, for whoever sends the same write again."""

import datetime as dt

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact

KEPT_FOR = dt.timedelta(hours=24)


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def run_out(self, *, now: dt.datetime) -> "KeptAnswerQuerySet":
        """Those that nobody is told any longer."""
        return self.filter(kept_at__lte=now - KEPT_FOR)


class KeptAnswer(models.Model):
    """The answer to one write that came with an Idempotency-Key (clinic/api/once.py).

    The table alone tells nothing: the key stands here as its SHA-256, the answer sealed under the
    key itself and the server's secret.
    """

    key = models.BinaryField(primary_key=True, editable=False)
    sealed = models.BinaryField(editable=False)
    kept_at = models.DateTimeField(editable=False)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["kept_at"], name="kept_answer_since")]
        constraints = [
            models.CheckConstraint(
                condition=Exact(Length("key"), 32),
                name="a_kept_answer_is_found_by_a_hash",
            )
        ]

    def __str__(self) -> str:
        return self.key.hex()[:12]
