"""What each group of the staff may do, on a database that was migrated once."""

import pytest
from django.contrib.auth.models import Group

pytestmark = pytest.mark.django_db
EVIDENCE = ("reading", "acknowledgement", "consentrecord", "review", "particulars")


def may(group: str) -> set[str]:
    return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))


def test_the_groups_come_with_the_migrations():
    assert {"Reception", "Dermatologists", "Lead"} <= set(
        Group.objects.values_list("name", flat=True)
    )


def test_reception_runs_the_day_and_reads_no_evidence():
    assert may("Reception") == {
        "view_consultation",
        "add_consultation",
        "change_consultation",
        *("view_closure", "add_closure", "change_closure", "delete_closure"),
        *("view_opening", "view_season"),
        *("view_message", "change_message"),
        "view_closure",
        "view_opening",
        "view_season",
        "view_treatmentsession",
        "add_treatmentsession",
        "change_treatmentsession",
        *("view_erasurerequest", "add_erasurerequest"),
        *("view_aftercareplan", "view_aftercarestep"),
    }


def test_the_lead_answers_erasure_requests_and_keeps_legal_holds():
    for noun in ("erasurerequest", "legalhold"):
        for verb in ("view", "add", "change"):
            assert f"{verb}_{noun}" in may("Lead")
    assert not {"change_erasurerequest", "view_legalhold"} & (
        may("Reception") | may("Dermatologists")
    )


def test_dermatologists_read_and_review_and_publish_as_the_second_person():
    assert may("Dermatologists") == {
        "view_consultation",
        "view_message",
        "view_treatmentsession",
        "view_consentrecord",
        "view_review",
        "add_review",
        "view_risklist",
        "view_risk",
        "publish_risklist",
        *("view_aftercareplan", "view_aftercarestep", "publish_aftercareplan"),
    }


def test_nobody_may_delete_a_patient_a_consultation_or_evidence():
    for group in Group.objects.all():
        deletes = {name for name in may(group.name) if name.startswith("delete_")}
        assert deletes <= {
            "delete_concern",
            "delete_aftercarestep",
            "delete_weeklyhours",
            "delete_closure",
            "delete_opening",
            "delete_season",
            "delete_risk",
        }


def test_nobody_may_write_evidence_but_a_review():
    for group in Group.objects.all():
        for noun in EVIDENCE:
            assert f"change_{noun}" not in may(group.name)
        assert {f"add_{noun}" for noun in EVIDENCE} & may(group.name) <= {"add_review"}
