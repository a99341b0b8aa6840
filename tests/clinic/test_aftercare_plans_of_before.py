"""A database from before there were plans: its steps are taken over, approved as they were."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connections

from clinic.models import AftercarePlan, AftercareStep, VersionState

BEFORE = "0007_how_long_data_is_kept"
ROWS = """
INSERT INTO clinic_treatment (id, slug, name_en, name_ar, summary_en, summary_ar, about_en, about_ar,
    position, is_offered)
VALUES (1, 'laser', 'Laser', 'ليزر', '', '', '', '', 1, true), (2, 'peel', 'Peel', 'تقشير', '', '', '', '', 2, true);
INSERT INTO clinic_dermatologist (id, slug, name_en, name_ar, title_en, title_ar, licence_number, languages,
    video_room, is_active, feed_serial)
VALUES (1, 'huda', 'Dr Huda', 'د. هدى', '', '', '1', '{en}', 'https://v.example.com', true, 0),
    (2, 'arjun', 'Dr Arjun', 'د. أرجون', '', '', '2', '{en}', 'https://v.example.com', true, 0);
INSERT INTO clinic_aftercarestep (treatment_id, key, position, hours_after, subject_en, subject_ar, title_en,
    title_ar, body_en, body_ar, red_flags_en, red_flags_ar, emergency_en, emergency_ar, version,
    approved_by_id, approved_on)
VALUES (1, 'icing', 1, 0, 's', 'س', 't', 'ت', E'One.\\r\\nTwo\u200b.', 'ب', '', '', '', '', 1, 1, '2026-10-05'),
    (1, 'day-1', 2, 24, 's', 'س', 't', 'ت', 'b', 'ب', '', '', '', '', 3, 2, '2026-11-01'),
    (2, 'icing', 1, 0, 's', 'س', 't', 'ت', 'b', 'ب', '', '', '', '', 1, 1, '2026-10-05');
"""


@pytest.fixture
def taken_over(test_databases, django_db_setup, django_db_blocker):
    """The database of before with two treatments' steps, brought up to date."""
    with django_db_blocker.unblock(), test_databases.copy_of("template1"):
        told = {"database": "owner", "verbosity": 0, "interactive": False}
        call_command("migrate", "clinic", BEFORE, **told)
        with connections["owner"].cursor() as cursor:
            cursor.execute(ROWS)
        call_command("migrate", **told)
        yield


def test_the_steps_of_a_treatment_become_its_published_plan(taken_over):
    laser, peel = AftercarePlan.objects.order_by("treatment__position")
    assert {laser.state, peel.state} == {VersionState.PUBLISHED}
    assert (laser.version, peel.version) == (3, 1)
    assert (laser.reviewed_by.slug, peel.reviewed_by.slug) == ("arjun", "huda")
    assert laser.reviewed_at == dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    assert (laser.written_by, laser.published_by) == (None, None)
    assert "icing, version 1, approved by Dr Huda on 2026-10-05" in laser.change_note
    assert AftercareStep.objects.live().count() == 3
    assert laser.steps.get(key="icing").body_en == "One.\nTwo."
