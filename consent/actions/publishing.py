"""A publication: the reviewed list becomes the live one, and who is booked under other words is asked."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings.models import Consultation, NotPossibleNow, Status
from clinic.i18n import Language, text_in
from clinic.models import Treatment, VersionState
from consent import ledger
from consent.actions.entering import enter
from consent.actions.wording import refuse_to_go_live, refuse_unless_previewed
from consent.bodies import publication_of
from consent.models import (
    Acknowledgement,
    Change,
    ConsentRecord,
    EntryKind,
    Risk,
    RiskList,
)


def publish(
    *, risk_list: RiskList, published_by: User, now: dt.datetime, previewed: str = ""
) -> RiskList:
    """Makes a reviewed list the live one and retires the one before; it never changes again.

    A material change asks the patients of visits ahead again (see `to_be_asked`), in the same
    transaction. `previewed` is the `preview_of` what its publisher looked at. Published already by the
    same person: nothing happens. Raises NotPossibleNow: not in review, not reviewed, words missing, another change than it says, no longer what was
    previewed, or published by the person who wrote it.
    """
    with transaction.atomic():
        # In this order, as sealing does: the lists first, consultations last.
        Treatment.objects.select_for_update(no_key=True).get(pk=risk_list.treatment_id)
        locked = RiskList.objects.select_for_update(of=("self",)).get(pk=risk_list.pk)
        if (locked.state, locked.published_by_id) == (VersionState.PUBLISHED, published_by.pk):
            return locked
        live = RiskList.objects.live_for(locked.treatment)
        _refuse_unless_ready(locked, published_by)
        refuse_to_go_live(locked, live=live)
        refuse_unless_previewed(locked, previewed)
        if live is not None:
            live.move_to(VersionState.RETIRED)  # waits for whoever seals under it just now
            live.save(update_fields=["state"])
        locked.move_to(VersionState.PUBLISHED)
        locked.published_by_id, locked.published_at = published_by.pk, now
        locked.entry = enter(kind=EntryKind.PUBLICATION, body=publication_of(locked), now=now)
        locked.save(update_fields=["state", "published_by", "published_at", "entry"])
        if locked.change == Change.MATERIAL:
            for consultation in to_be_asked(risk_list=locked, now=now):
                bookings.actions.ask_again(consultation=consultation, now=now)
    return locked


def _refuse_unless_ready(risk_list: RiskList, published_by: User) -> None:
    if risk_list.state != VersionState.IN_REVIEW:
        raise NotPossibleNow(_("Only a list in review can be published."))
    if risk_list.written_by_id == published_by.pk:
        raise NotPossibleNow(_("A second person has to publish this version."))
    if risk_list.reviewed_by_id is None:
        raise NotPossibleNow(_("A dermatologist has to review this version first."))


def to_be_asked(*, risk_list: RiskList, now: dt.datetime) -> list[Consultation]:
    """Whom a material change would ask again: three queries, whatever their number.

    Confirmed visits ahead about this treatment, whose newest record lacks the words of a risk of this
    list, in the language in which it was read. Who read all of it (a risk was taken out, or the order
    changed) has nothing new to read and is not asked.
    """
    booked = Consultation.objects.filter(
        treatment_id=risk_list.treatment_id,
        status=Status.CONFIRMED,
        starts_at__gt=now,
        asks_again_since=None,
    )
    records = (
        ConsentRecord.objects.filter(consultation__in=booked)
        .order_by("consultation_id", "-id")
        .distinct("consultation_id")
        .select_related("consultation", "reading")
    )
    read: dict[int, set[str]] = {record.reading_id: set() for record in records}
    acts = Acknowledgement.objects.filter(reading_id__in=read)
    for reading, words_hash in acts.values_list("reading_id", "words_hash"):
        read[reading].add(words_hash)
    risks = list(risk_list.risks.all())
    said = {language: _hashes(risk_list, risks, language) for language in Language.values}
    return [
        record.consultation
        for record in records
        if not said[record.reading.language] <= read[record.reading_id]
    ]


def _hashes(risk_list: RiskList, risks: list[Risk], language: str) -> set[str]:
    statement = text_in(risk_list, "statement", language)
    return {ledger.hash_of_words(risk.words(language), statement) for risk in risks}
