"""Sealed records as their bundles have them, for a test to tamper with."""

from django.db import transaction

from consent.bundle import bundle_of
from tests.consent import bundles, exhibits


def two_bundles():
    """(receipt, the bundle's files) of two records, made in a transaction that is rolled back."""
    with transaction.atomic():
        records = [exhibits.talked_over(), exhibits.talked_over()]
        made = [(exhibits.receipt_of(one), bundles.files_of(bundle_of(one))) for one in records]
        transaction.set_rollback(True)
    return made


def put(**values):
    return lambda says: says.update(values)
