"""What a record's page shows, put together from the papers of its consultation."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext

from bookings.admin import columns
from clinic.admin import comma, laid_out
from clinic.models import Dermatologist
from consent.admin import answers, deciding, evidence, giving_out, history
from consent.admin.papers import Papers, papers_of
from consent.models import ConsentRecord
from consent.parts import parts_of


def context_of(record: ConsentRecord, *, now: dt.datetime) -> dict[str, Any]:
    """Everything but the form: a fixed number of queries."""
    papers = papers_of(record)
    return {
        "title": gettext("What was acknowledged"),
        "subtitle": str(record.consultation),
        "original": record,
        "record": record,
        "reading": record.reading,
        "direction": "rtl" if record.reading.language == "ar" else "ltr",
        "comma": comma(),
        "facts": columns.short_facts(record.consultation),
        "papers": papers,
        "ways_out": giving_out.urls_of(record),
        "withdrawn_because": papers.words(papers.withdrawal.note_commitment)
        if papers.withdrawal
        else "",
        **_answers(papers),
        "values": evidence.values_in(papers),
        "proof": evidence.proof_in(papers),
        "receipt": evidence.receipt_in(papers, now=now),
        "reviews": [
            (review, papers.words(review.note_commitment))
            for review in papers.reviews
            if review.record_id == record.pk
        ],
        "history": history.history_in(papers),
        "has_earlier_looks": history.has_earlier_looks(papers),
    }


def _answers(papers: Papers) -> dict[str, Any]:
    """What was seen beside what stands there today, and what there is to talk about."""
    today = answers.todays_risks(papers)
    found = answers.answers_in(papers, today)
    seen = {answer.act.risk.key for answer in found}
    language = papers.record.reading.language
    added = [
        (risk.words(language).partition("\n\n")[0], parts_of(risk, language))
        for key, risk in today.items()
        if key not in seen
    ]
    return {
        "answers": found,
        "open": [answer for answer in found if answer.is_open],
        "wishes": answers.wishes_in(papers),
        "added": added,
        "is_listed": bool(today),
        "is_changed": bool(added)
        or any(answer.is_changed or not answer.is_listed for answer in found),
    }


def form_of(form: forms.Form | None, signed_by: Dermatologist | None) -> dict[str, Any]:
    """The form of the decision, who signs it, and its keys; nothing for who does not review."""
    if form is None or signed_by is None:
        return {"form": None}
    fields: list[Any] = [(None, {"fields": ["decision", "note"]})]
    return {
        "form": form,
        "adminform": laid_out(form, fields),
        "signed_by": signed_by,
        "keys": deciding.keys(),
        "write_key": deciding.WRITE_KEY,
        "next_key": deciding.NEXT_KEY,
    }
