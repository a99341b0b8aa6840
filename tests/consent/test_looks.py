"""Every look of the staff at a consent record is a row before anything is shown, or nothing is shown."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.db import connection, connections

import consent.actions
from bookings.models import NotPossibleNow
from clinic import clock
from consent.certificate import certificate_of, pdf_of
from consent.models import ConsentRecord, RecordAccess
from tests import desk, make

LOOKS = "consent_recordaccess_changelist"
WAYS = {
    "print": "printed",
    "pdf": "printed",
    "export": "exported",
}  # each way out, and as what it is written down


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def talking() -> ConsentRecord:
    """A record whose patient asked something that stands nowhere else."""
    visit = make.proven(patient_name="Zubaida Canary")
    reading = make.acknowledge_all(visit, wants_to_talk=True, question="Does it burn?")
    return consent.actions.seal(consultation=visit, reading=reading.pk, now=make.NOW)


def address(record: ConsentRecord, page: str = "change") -> str:
    return desk.url(f"consent_consentrecord_{page}", record.pk)


def looks() -> list[tuple]:
    rows = RecordAccess.objects.order_by("pk")
    return [(row.record_id, row.by.username, row.how, row.accessed_at) for row in rows]


def shows_nothing(response, record: ConsentRecord) -> bool:
    """Whether none of the evidence stands in an answer, and it is no file."""
    if "Content-Disposition" in response.headers:
        return False
    text = response.content.decode()
    told = ["Does it burn?", "Zubaida", record.record_hash[:8]]
    told += [act.words.split("\n\n")[1] for act in record.reading.acknowledgements.all()]
    return not [words for words in told if words in text]


# --- Who looked, how and when --------------------------------------------------------------------


@pytest.mark.django_db
def test_each_reading_of_a_page_is_a_row_of_its_own():
    record, client = talking(), desk.dermatologist()
    for _time in range(2):
        assert "Does it burn?" in client.get(address(record)).content.decode()
    assert looks() == [(record.pk, "huda", "read", make.NOW)] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "how"), WAYS.items())
def test_each_way_out_is_written_down_as_what_it_is(page, how):
    record = talking()
    response = desk.dermatologist().get(address(record, page))
    assert response.status_code == 200
    assert not shows_nothing(response, record)
    assert looks() == [(record.pk, "huda", how, make.NOW)]


@pytest.mark.django_db
def test_the_print_page_is_the_certificate_and_leads_back_to_the_record():
    record = talking()
    text = desk.dermatologist().get(address(record, "print")).content.decode()
    assert "Certificate of acknowledgement of risk information" in text
    assert "Does it burn?" in text and record.record_hash[:8] in text
    assert f'href="{address(record)}"' in text
    assert "/my/" not in text


@pytest.mark.django_db
def test_the_file_is_the_certificates_pdf_and_its_name_tells_no_word_of_health():
    record = talking()
    response = desk.dermatologist().get(address(record, "pdf"))
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].endswith(f'"{record.consultation}.pdf"')
    assert response.content == pdf_of(certificate_of(record))


@pytest.mark.django_db
def test_a_form_that_is_shown_again_is_another_look_and_a_written_review_is_none():
    record, client = talking(), desk.dermatologist()
    assert client.post(address(record), {"decision": ""}).status_code == 200
    assert len(looks()) == 1
    assert client.post(address(record), {"decision": "discussed"}).status_code == 302
    assert len(looks()) == 1


@pytest.mark.django_db
def test_a_superuser_is_written_down_too():
    record = talking()
    User.objects.create_superuser("root", password="a long password")
    client = desk.client_of(User.objects.get(username="root"))
    client.get(address(record))
    assert looks() == [(record.pk, "root", "read", make.NOW)]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["change", *WAYS])
def test_who_may_not_read_it_is_shown_nothing_and_has_not_looked(page):
    record = talking()
    for client, status in (
        (desk.dermatologist("arjun"), 302),
        (desk.reception(), 403),
        (desk.lead(), 403),
    ):
        response = client.get(address(record, page))
        assert response.status_code == status
        assert shows_nothing(response, record)
    assert looks() == []


@pytest.mark.django_db
def test_the_list_of_records_is_no_look_for_it_shows_no_evidence():
    record = talking()
    page = desk.dermatologist().get(desk.url("consent_consentrecord_changelist"))
    text = page.content.decode()
    assert "wants to talk" in text
    assert "Does it burn?" not in text and record.record_hash[:8] not in text
    for act in record.reading.acknowledgements.all():
        assert act.words.split("\n\n")[1] not in text
    assert looks() == []


@pytest.mark.django_db
def test_a_browser_keeps_no_copy_that_could_be_looked_at_again_unwritten():
    record, client = talking(), desk.dermatologist()
    for page in ("change", *WAYS):
        assert "no-store" in client.get(address(record, page)).headers["Cache-Control"]


@pytest.mark.django_db
def test_nobody_but_staff_looks():
    record, stranger = talking(), User.objects.create(username="stranger")
    with pytest.raises(NotPossibleNow):
        consent.actions.look(record=record, by=stranger, how="read", now=make.NOW)
    with pytest.raises(ValueError, match="glanced"):
        consent.actions.look(record=record, by=make.staff(), how="glanced", now=make.NOW)
    assert looks() == []


# --- What cannot be written down is not shown ----------------------------------------------------


@pytest.fixture
def record(committed_db) -> ConsentRecord:
    """A record in a database of its own, for what the owner does to it."""
    return talking()


def as_owner(*statements: str) -> None:
    with connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def refused(record: ConsentRecord, page: str = "change") -> bool:
    """Whether the page says that it cannot be shown, and shows nothing."""
    response = desk.dermatologist().get(address(record, page))
    said = b"so nothing is shown" in response.content
    assert (response.status_code, said) in ((200, False), (503, True))
    assert (response.status_code == 200) != shows_nothing(response, record)
    return response.status_code == 503


@pytest.mark.parametrize("page", ["change", *WAYS])
def test_without_the_right_to_write_it_down_nothing_is_shown(record, page):
    assert not refused(record, page)
    role = connection.settings_dict["USER"]
    as_owner(f'REVOKE INSERT ON consent_recordaccess FROM "{role}"')
    assert refused(record, page)
    assert len(looks()) == 1


@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_while_it_takes_too_long_to_write_it_down_nothing_is_shown(record, limit):
    desk.dermatologist()  # signed in before: that writes too
    with connection.cursor() as cursor:
        cursor.execute(f"SET {limit} = '300ms'")
    as_owner("BEGIN", "LOCK TABLE consent_recordaccess IN SHARE ROW EXCLUSIVE MODE")
    try:
        assert refused(record)
    finally:
        as_owner("ROLLBACK")
    assert not refused(record)
    assert len(looks()) == 1


def test_a_row_that_is_lost_at_the_commit_shows_nothing_either(record):
    as_owner(
        "CREATE FUNCTION too_late() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$",
        "CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON consent_recordaccess"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION too_late()",
    )
    assert refused(record)
    as_owner("DROP TRIGGER too_late ON consent_recordaccess")
    assert not refused(record)
    assert len(looks()) == 1


def test_what_could_not_be_shown_was_not_looked_at(record):
    role = connection.settings_dict["USER"]
    as_owner(f'REVOKE SELECT ON consent_treehead FROM "{role}"')
    assert refused(record)
    assert looks() == []


@pytest.mark.parametrize("page", WAYS)
def test_a_record_that_was_changed_is_not_given_out_and_nobody_has_looked(record, page):
    as_owner(
        "ALTER TABLE consent_acknowledgement DISABLE TRIGGER USER",
        "UPDATE consent_acknowledgement SET words = replace(words, 'Icing', 'Nothing')",
    )
    response = desk.dermatologist().get(address(record, page))
    assert response.status_code == 409
    assert "not what was sealed" in response.content.decode()
    assert shows_nothing(response, record)
    assert looks() == []


# --- The lead's list -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_lead_sees_who_looked_and_no_patient():
    record = talking()
    desk.dermatologist().get(address(record))
    page = desk.lead().get(desk.url(LOOKS))
    row = BeautifulSoup(page.content, "html.parser").select_one("#result_list tbody tr")
    text = row.get_text(" ", strip=True)
    assert "huda" in text and "read" in text and str(record.consultation) in text
    assert shows_nothing(page, record)
    for client in (desk.reception(), desk.dermatologist()):
        assert client.get(desk.url(LOOKS)).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("search", ["reference", "name"])
def test_looks_are_found_by_reference_and_by_who_looked(search):
    first, second = talking(), make.confirmed(starts_at=make.TOMORROW_AT_9.replace(hour=8))
    desk.dermatologist().get(address(first))
    User.objects.create_superuser("root", password="a long password")
    root = desk.client_of(User.objects.get(username="root"))
    root.get(address(second.consent_records.get()))
    words = str(second) if search == "reference" else "root"
    soup = BeautifulSoup(desk.lead().get(desk.url(LOOKS), {"q": words}).content, "html.parser")
    assert [one.get_text(strip=True) for one in soup.select(".field-which")] == [str(second)]


@pytest.mark.django_db
def test_nobody_adds_changes_or_deletes_a_look():
    record = talking()
    desk.dermatologist().get(address(record))
    before = looks()
    key = RecordAccess.objects.get().pk
    root = User.objects.create_superuser("root", password="a long password")
    for client in (desk.client_of(root), desk.lead()):
        room = "/admin/consent/recordaccess/"
        assert client.post(f"{room}add/", {"how": "read"}).status_code == 403
        assert client.post(f"{room}{key}/change/", {"how": "printed"}).status_code == 403
        assert client.post(f"{room}{key}/delete/", {"post": "yes"}).status_code == 403
        client.post(room, {"action": "delete_selected", "_selected_action": [key], "post": "yes"})
        assert looks() == before


@pytest.mark.django_db
@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_of_looks_costs_as_many_queries_for_three_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        visit = make.confirmed(starts_at=make.TOMORROW_AT_9.replace(hour=5 + number))
        desk.dermatologist().get(address(visit.consent_records.get()))
    client = desk.lead()
    with django_assert_num_queries(8):
        client.get(desk.url(LOOKS))
