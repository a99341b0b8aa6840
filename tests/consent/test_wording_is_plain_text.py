"""Words hold no sign that nobody sees and are spelt in one way, straight through SQL and by the action.

Each is tried as the role that the application runs as, and as the owner of the tables.
"""

import unicodedata

import pytest
from django.db import connection, connections

import consent.actions
from bookings.models import NotPossibleNow
from clinic import plain_text
from tests import make
from tests.consent.wording import RISK_TEXTS, Lists, lists_in_each_state, put, refused

LIST_TEXTS = ["statement_en", "statement_ar", "change_note"]
# What nobody can see in a text: one of each kind.
HIDDEN = [
    "\u202e",
    "\u2066",
    "\u200f",
    "\u061c",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u0007",
    "\u0085",
    "\r",
]


@pytest.fixture
def lists(committed_db) -> Lists:
    return lists_in_each_state()


@pytest.mark.parametrize("sign", HIDDEN, ids=lambda sign: f"U+{ord(sign):04X}")
def test_no_text_holds_a_sign_that_nobody_sees(lists, sign):
    assert plain_text.trouble_in(f"Two{sign}words")
    name = "the_words_of_a_risk_are_plain_text"
    for column in ["key", *RISK_TEXTS]:
        assert put(lists.draft.risks.first(), **{column: f"Two{sign}words"}) == name
    name = "the_words_of_a_list_are_plain_text"
    for column in LIST_TEXTS:
        assert put(lists.draft, **{column: f"{sign}Words"}) == name
    insert = "INSERT INTO consent_remark (risk_list_id, words, written_by_id, written_at)"
    who = lists.draft.written_by_id
    values = [lists.draft.pk, f"Words{sign}", who, make.NOW]
    assert refused(f"{insert} VALUES (%s, %s, %s, %s)", *values) == "a_remark_is_plain_text"


def test_every_text_is_spelt_in_one_way(lists):
    apart = unicodedata.normalize("NFD", "Café أ")
    assert plain_text.trouble_in(apart) and not plain_text.trouble_in(plain_text.as_kept(apart))
    for column in RISK_TEXTS:
        name = "the_words_of_a_risk_are_plain_text"
        assert put(lists.draft.risks.first(), **{column: apart}) == name
    for column in LIST_TEXTS:
        assert put(lists.draft, **{column: apart}) == "the_words_of_a_list_are_plain_text"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("Ice\u2066 helps.", "burning, what helps (English): There is a sign that nobody can see"),
        ("Cafe\u0301.", "burning, what helps (English): These letters are put together from parts"),
    ],
    ids=["hidden", "not NFC"],
)
def test_words_that_postgresql_would_refuse_are_refused_by_the_action_too(
    committed_db, words, sentence
):
    row = make.risk_list(make.treatment())
    with connections["owner"].cursor() as cursor:
        name = "the_words_of_a_risk_are_plain_text"
        cursor.execute(f"ALTER TABLE consent_risk DROP CONSTRAINT {name}")
    row.risks.filter(key="burning").update(what_helps_en=words)
    with pytest.raises(NotPossibleNow) as error:
        consent.actions.submit_for_review(risk_list=row, change="material", change_note="x")
    assert str(error.value).startswith(sentence)


def test_python_and_postgresql_mean_the_same_hidden_signs(committed_db):
    """Every sign of Unicode that can be stored: about 1.1 million."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'a_remark_is_plain_text'"
        )
        pattern = cursor.fetchone()[0].split("!~ '")[1].split("'")[0]
        cursor.execute(
            "SELECT code FROM generate_series(1, 1114111) code"
            " WHERE code NOT BETWEEN 55296 AND 57343 AND chr(code) ~ %s",
            [pattern],
        )
        theirs = {code for (code,) in cursor.fetchall()}
    ours = {code for code in range(1, 0x110000) if plain_text.HIDDEN.fullmatch(chr(code))}
    assert ours == theirs
    assert 0x202E in theirs and 10 not in theirs
