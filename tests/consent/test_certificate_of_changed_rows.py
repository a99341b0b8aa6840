"""What somebody changed as the database's owner is not certified, and not shown to the patient either."""

import pytest
from django.db import connections

from consent.certificate import NotAsSealed, certificate_of
from tests import make
from tests.person import Person

CHANGES = [
    "UPDATE consent_acknowledgement SET words = replace(words, 'Icing', 'Nothing')",
    "UPDATE consent_acknowledgement SET acknowledged_at = acknowledged_at + interval '1 minute'",
    "UPDATE consent_acknowledgement SET wants_to_talk = true",
    "DELETE FROM consent_acknowledgement WHERE id = (SELECT max(id) FROM consent_acknowledgement)",
    "UPDATE consent_consentrecord SET declaration = 'I consent to the procedure'",
    "ALTER TABLE consent_reading DROP CONSTRAINT who_reads_it_is_said;"
    "UPDATE consent_reading SET read_by = 'guardian'",
]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_rows_are_not_certified(committed_db, change):
    consultation = make.confirmed()
    record = consultation.consent_records.get()
    person = Person().opens_own_page(consultation)
    assert person.open("/my/acknowledged/").status == 200
    with connections["owner"].cursor() as cursor:
        for table in ("acknowledgement", "consentrecord", "reading"):
            cursor.execute(f"ALTER TABLE consent_{table} DISABLE TRIGGER USER")
        cursor.execute(change)
        assert cursor.rowcount
    with pytest.raises(NotAsSealed):
        certificate_of(record)
    for address in ("/my/acknowledged/", "/my/acknowledged.pdf"):
        person.open(address)
        assert person.status == 409
        assert person.has("What is stored is not what was sealed")
        assert not person.has("Burning sensation")
