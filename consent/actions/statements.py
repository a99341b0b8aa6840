"""What a patient says by pressing a button, in the language of the page that they read."""

from django.utils import translation
from django.utils.translation import gettext, ngettext

from consent.models import ActKind, ConsentRecord, ReadBy


def declaration_for(
    *, count: int, language: str, read_by: str = ReadBy.SELF, again: bool = False
) -> str:
    """What the last button says. `again`: for a visit that is booked already."""
    with translation.override(language):
        return _declaration(count, read_by, again=again) % {"count": count}


def declaration_of(record: ConsentRecord, *, language: str, count: int) -> str:
    """The declaration of a record of so many acts, said in this language; in its own, the stored one."""
    if language == record.reading.language:
        return record.declaration
    confirmed_at = record.consultation.confirmed_at
    return declaration_for(
        count=count,
        language=language,
        read_by=record.reading.read_by,
        # The first record confirmed the visit, in the same moment.
        again=confirmed_at is not None and record.sealed_at > confirmed_at,
    )


def statement_for(kind: ActKind, *, language: str) -> str:
    """What the button of another act says."""
    with translation.override(language):
        return {
            ActKind.WANTS_TO_TALK: gettext("I want to talk about this first"),
            ActKind.DECLINED: gettext("I do not want to go on: cancel it"),
            ActKind.WITHDRAWN: gettext("I withdraw my acknowledgement"),
        }[kind]


def _declaration(count: int, read_by: str, *, again: bool) -> str:
    if read_by == ReadBy.INTERPRETER:
        return _read_out(count, again=again)
    if read_by == ReadBy.GUARDIAN:
        return _of_a_guardian(count, again=again)
    if again:
        return ngettext(
            "I have read and understood this side effect",
            "I have read and understood these %(count)d side effects",
            count,
        )
    return ngettext(
        "I have read and understood this side effect: book my consultation",
        "I have read and understood these %(count)d side effects: book my consultation",
        count,
    )


def _of_a_guardian(count: int, *, again: bool) -> str:
    if again:
        return ngettext(
            "I have read and understood this side effect as the guardian",
            "I have read and understood these %(count)d side effects as the guardian",
            count,
        )
    return ngettext(
        "I have read and understood this side effect as the guardian: book the consultation",
        "I have read and understood these %(count)d side effects as the guardian: "
        "book the consultation",
        count,
    )


def _read_out(count: int, *, again: bool) -> str:
    if again:
        return ngettext(
            "This side effect was read out to me by an interpreter, and I have understood it",
            "These %(count)d side effects were read out to me by an interpreter, and I have "
            "understood them",
            count,
        )
    return ngettext(
        "This side effect was read out to me by an interpreter, and I have understood it: "
        "book my consultation",
        "These %(count)d side effects were read out to me by an interpreter, and I have "
        "understood them: book my consultation",
        count,
    )
