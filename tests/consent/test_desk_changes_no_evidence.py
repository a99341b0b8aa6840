"""The desk has no way to change, add, delete or empty evidence, not even for a superuser."""

import pytest
from django.contrib.auth.models import User

from clinic.admin import desk as site
from consent.models import Acknowledgement, ConsentRecord, Particulars, Reading, Review
from tests import desk, make

pytestmark = pytest.mark.django_db
EVIDENCE = [Reading, Acknowledgement, ConsentRecord, Review, Particulars]


def stored() -> list:
    return [list(model.objects.order_by("pk").values()) for model in EVIDENCE]


def everybody():
    root = User.objects.create_superuser("root", password="a long password")
    return [desk.client_of(root), desk.reception(), desk.lead(), desk.dermatologist()]


@pytest.mark.parametrize("model", EVIDENCE, ids=lambda model: model.__name__)
def test_no_page_of_the_desk_changes_or_deletes_evidence(model):
    record = make.sealed(make.proven())
    before = stored()
    row = model.objects.first()
    key = row.pk if row else record.pk
    room = f"/admin/consent/{model._meta.model_name}/"
    lie = {"declaration": "x", "words": "x", "value": "x", "record_hash": "0" * 64, "post": "yes"}
    deleting = {"action": "delete_selected", "_selected_action": [key], "post": "yes"}
    for client in everybody():
        for path, fields in (
            (f"{key}/change/", lie),
            (f"{key}/delete/", lie),
            ("add/", lie),
            ("", deleting),
        ):
            assert client.post(room + path, fields).status_code < 500
            assert stored() == before, f"{room}{path}"


def test_nobody_has_a_permission_to_change_or_delete_a_record(rf):
    room = site.get_model_admin(ConsentRecord)
    request = rf.get("/")
    request.user = User.objects.create_superuser("root", password="a long password")
    assert not room.has_add_permission(request)
    assert not room.has_delete_permission(request)
    assert "delete_selected" not in room.get_actions(request)
    for model in (Reading, Acknowledgement, Review, Particulars):
        assert not site.is_registered(model)
