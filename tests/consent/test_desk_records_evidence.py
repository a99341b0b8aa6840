"""A record's evidence box, receipt and history: nothing is blank without a reason, all in time order."""

import datetime as dt

import pytest
from django.db import connections

import consent.actions
from clinic import clock
from consent import ledger
from consent.actions.growing import grow
from consent.actions.opening import ABSENT
from consent.admin.evidence import REASONS
from consent.models import LedgerEntry, Outcome, Particulars, Verification
from consent.verifying import runs
from tests import desk, make
from tests.consent import records
from tests.consent.records import page, talking, text_of

LATER = make.NOW + dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def rows_in(soup, heading: str) -> dict[str, str]:
    """{label: what stands beside it} of one box."""
    box = soup.select_one(f"#{heading}-heading").find_parent("section")
    return {text_of(row.dt): text_of(row.dd) for row in box.select("dl > div")}


# --- The evidence box ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_value_stands_beside_its_commitment_and_every_missing_one_beside_its_reason():
    record = talking(ip="203.0.113.9", patient_name="Layla Hassan")
    reading, box = record.reading, rows_in(page(record), "evidence")
    for label, field, value in (
        ("Patient", "patient_name", "Layla Hassan"),
        ("IP address", "ip", "203.0.113.9"),
        ("Browser", "user_agent", "Firefox"),
        ("Time zone", "zone", "Asia/Dubai"),
        ("Date of birth", "birth_date", "1990-05-17"),
    ):
        assert box[label] == f"{value} Commitment {reading.commitments[field]}"
    assert box["Guardian"] == "none: the patient acts for themselves"
    assert box["Who saw the person, and why"] == "none: the address itself was proven"
    assert box["Who read"] == "the patient"
    assert box["Address proven"] == "code from the e-mail, 22 November 2026 10:00:00"
    assert len(reading.commitments) + len(reading.absent) == len(box) - 7
    assert all(box.values())


@pytest.mark.django_db
def test_a_guardian_who_read_is_named():
    box = rows_in(page(talking(guardian_name="Maryam Salem")), "evidence")
    assert box["Who read"] == "the guardian of a patient under 18"
    assert box["Guardian"].startswith("Maryam Salem Commitment ")


@pytest.mark.django_db
def test_a_reason_that_the_page_does_not_know_is_shown_as_it_is():
    record = talking()
    assert rows_in(page(record), "evidence")["IP address"] == "not known"
    record.reading.absent["ip"] = "lost_at_sea"
    later = records.acknowledged_again(record, now=LATER)
    assert rows_in(page(later), "evidence")["IP address"] == "lost_at_sea"


@pytest.mark.django_db
def test_what_was_erased_is_called_erased_and_the_record_stays_sound():
    record = talking(ip="203.0.113.9")
    records.erased(record.consultation)
    soup = page(record)
    box = rows_in(soup, "evidence")
    for label, field in (("Patient", "patient_name"), ("IP address", "ip")):
        assert box[label] == f"erased Commitment {record.reading.commitments[field]}"
    text = text_of(soup)
    assert text.count("Their question was erased.") == 4
    assert "lawfully erased" in text and "The personal values were erased." in text
    assert "203.0.113.9" not in text and "Does it hurt?" not in text
    assert "does not agree with its signed entry" not in text


def test_every_reason_for_a_missing_value_has_words():
    told = {"behind_unknown_proxy", "not_an_address", "not_readable", "not_known", "not_sent"}
    assert set(ABSENT.values()) | told <= set(REASONS)


# --- What somebody changed behind our back is seen -----------------------------------------------


CHECKED = {
    "consent_particulars": "particulars_are_bound_by_their_commitment",
    "consent_ledgerentry": "an_entry_is_named_by_the_hash_of_its_bytes",
}


def as_owner_without_guards(table: str, statement: str) -> None:
    """What somebody with the owner's password can do."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        if table in CHECKED:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {CHECKED[table]}")
        cursor.execute(statement)


CHANGES = [
    ("consent_acknowledgement", "words = replace(words, 'Icing', 'Nothing')"),
    ("consent_acknowledgement", "acknowledged_at = acknowledged_at + interval '1 minute'"),
    ("consent_acknowledgement", "wants_to_talk = false"),
    ("consent_acknowledgement", "salt = decode(repeat('00', 16), 'hex')"),
    ("consent_reading", """absent = '{"ip": "not_sent"}'"""),
    ("consent_consentrecord", "declaration = 'I consent to everything'"),
    ("consent_particulars", "value = 'Somebody Else'"),
    ("consent_ledgerentry", "content = 'no JSON'"),
    ("consent_ledgerentry", "signature = decode(repeat('00', 64), 'hex')"),
]


@pytest.mark.parametrize(("table", "change"), CHANGES)
def test_a_record_that_was_changed_says_so(committed_db, table, change):
    record = talking()
    warning = "does not agree with its signed entry"
    assert warning not in text_of(page(record))
    as_owner_without_guards(table, f"UPDATE {table} SET {change}")
    assert warning in text_of(page(record))


def test_a_value_that_was_taken_away_without_an_erasure_is_not_called_erased(committed_db):
    record = talking()
    as_owner_without_guards("consent_particulars", "DELETE FROM consent_particulars")
    box = rows_in(page(record), "evidence")
    assert box["Patient"].startswith("! gone, and no erasure says why Commitment ")


# --- The receipt ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_receipt_names_the_entry_its_signature_and_the_key():
    record = talking()
    box = rows_in(page(record), "receipt")
    entry = record.entry
    assert box["Hash of the entry"].replace(" ", "") == record.record_hash
    letters = ledger.signature_letters(bytes(entry.signature))
    assert box["Signature"].replace(" ", "") == letters
    assert box["Fingerprint of the key"].replace(" ", "") == entry.key_id
    assert box["Last verified"] == "never yet"


@pytest.mark.django_db
def test_an_entry_is_not_in_the_tree_yet_and_after_a_minute_that_is_late(monkeypatch):
    record = talking()
    assert "less than a minute old" in rows_in(page(record), "receipt")["In the tree"]
    monkeypatch.setattr(clock, "now", lambda: make.NOW + dt.timedelta(seconds=61))
    assert "more than a minute old" in rows_in(page(record), "receipt")["In the tree"]


@pytest.mark.django_db
def test_an_entry_in_the_tree_has_its_place_under_the_newest_head():
    record, later = talking(), make.confirmed(starts_at=make.TOMORROW_AT_9.replace(hour=8))
    assert grow(now=LATER) == LedgerEntry.objects.count()
    place = LedgerEntry.objects.filter(pk__lte=record.entry.pk).count()
    assert rows_in(page(record), "receipt")["In the tree"] == (
        f"✓ entry {place} of {place + 1} in the signed tree 22 November 2026 11:00:00"
    )
    assert rows_in(page(later.consent_records.get()), "receipt")["In the tree"].startswith(
        f"✓ entry {place + 1} of {place + 1} "
    )


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", Outcome.values)
def test_the_last_verification_says_what_it_found_and_whether_it_saw_this_record(outcome):
    record = talking()
    size = grow(now=LATER)
    times = {"started_at": make.NOW, "finished_at": LATER, "outcome": outcome}
    runs.written(size=size - 1, **times)
    assert rows_in(page(record), "receipt")["Last verified"].endswith("(before it was in the tree)")
    runs.written(size=size, **times)
    lie = {"started_at": make.NOW, "finished_at": LATER + MINUTE, "size": size}
    Verification.objects.create(outcome="sound", content=b"{}", **lie)  # nobody of ours signed it
    said = rows_in(page(record), "receipt")["Last verified"]
    assert str(Outcome(outcome).label) in said and said.endswith("11:00:00 (this record too)")


# --- The history ---------------------------------------------------------------------------------


def events(soup) -> list[str]:
    return [text_of(row) for row in soup.select(".record-history li")]


@pytest.mark.django_db
def test_the_history_tells_all_in_time_order(monkeypatch):
    record = talking(question="")
    risk = record.reading.risk_list.risks.get(key="burning")
    records.wished(record.reading, risk, note="My skin is thin")
    records.withdrawn(record, reason="I am afraid")
    monkeypatch.setattr(clock, "now", lambda: LATER)
    client = desk.dermatologist()
    fields = {"decision": "needs_talk", "note": "Calling her."}
    client.post(records.address(record), fields)
    told = "\n".join(events(page(record, client)))
    expected = [
        "▸ Reading opened: English, version 1, read by the patient.",
        "✓ Side effect acknowledged: Skin infection , wants to talk",
        "✓ Side effect acknowledged: Burning sensation , wants to talk",
        "● This record was sealed.",
        "! wants to talk first: Burning sensation My skin is thin",
        "! withdrew the acknowledgement I am afraid",
        "✓ Reviewed: to be talked about at the visit, Dr Huda, licence number DHA-P-",
        "Calling her.",
        "○ huda : read",
    ]
    places = [told.find(words) for words in expected]
    assert -1 not in places, told
    assert places == sorted(places)


@pytest.mark.django_db
def test_an_earlier_and_a_later_record_lead_to_each_other():
    first = talking()
    second = records.acknowledged_again(first, now=LATER)
    for here, there in ((first, second), (second, first)):
        soup = page(here)
        links = [link["href"] for link in soup.select(".record-history a")]
        assert links == [records.address(there)]
        carried = "carried over from an earlier reading, same words"
        assert text_of(soup).count(carried) == (4 if here == second else 0)
    assert "this is not the newest record" in text_of(page(first))
    assert "this is not the newest record" not in text_of(page(second))


@pytest.mark.django_db
def test_many_looks_leave_the_page_readable():
    record, by = talking(), make.staff("huda")
    for _time in range(101):
        consent.actions.look(record=record, by=by, how="read", now=make.NOW)
    soup = page(record)
    assert len([one for one in events(soup) if ": read" in one]) == 100
    assert "only the latest 100 are shown" in text_of(soup)


# --- What it costs -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("how_many", [1, 3])
@pytest.mark.parametrize(("kind", "queries"), [("change", 26), ("print", 14), ("pdf", 14)])
def test_the_page_costs_as_many_queries_for_three_of_each_as_for_one(
    kind, queries, how_many, django_assert_num_queries
):
    treatment = make.treatment("long", risks=how_many)
    make.dermatologist(treatments=[treatment])
    record = talking(treatment=treatment)
    visit, client = record.consultation, desk.dermatologist()
    risk = treatment.risk_lists.get().risks.first()
    for number in range(how_many):
        at = LATER + dt.timedelta(minutes=number)
        records.wished(record.reading, risk, note="Hm")
        consent.actions.review(
            record=record,
            reviewed_by=make.dermatologist().user,
            decision="discussed",
            note=str(number),
            now=at,
        )
        consent.actions.look(record=record, by=make.staff(str(number)), how="read", now=at)
        record = records.acknowledged_again(record, now=at)
    grow(now=LATER)
    assert Particulars.objects.filter(consultation=visit).count() > 8
    with django_assert_num_queries(queries):
        assert client.get(records.address(record, kind)).status_code == 200
