"""Aftercare plans from a draft to their publication: the words of one person, looked at by two."""

import datetime as dt
import hashlib
import json
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinic import groups
from clinic.errors import NotPossibleNow
from clinic.i18n import Language, text_in
from clinic.models import AftercarePlan, AftercareStep, Dermatologist, Treatment, VersionState
from clinic.plain_text import names, trouble_in


def start_plan(*, treatment: Treatment, written_by: User) -> AftercarePlan:
    """A new draft: the next version, with the steps of the newest one to work on."""
    with transaction.atomic():
        Treatment.objects.select_for_update(no_key=True).get(pk=treatment.pk)
        newest = treatment.aftercare_plans.order_by("-version").first()
        draft = AftercarePlan.objects.create(
            treatment=treatment,
            version=newest.version + 1 if newest else 1,
            written_by_id=written_by.pk,
        )
        steps = list(newest.steps.all()) if newest else []
        for step in steps:
            step.pk = None
            step.plan = draft
        AftercareStep.objects.bulk_create(steps)
    return draft


def submit_for_review(*, plan: AftercarePlan, change_note: str) -> AftercarePlan:
    """Hands a draft to others, with why it changes.

    Sent already with the same words: nothing happens. Raises NotPossibleNow where words are missing in
    one of the languages or hold hidden signs.
    """
    change_note = change_note.strip()
    with transaction.atomic():
        locked = _lock(plan)
        if (locked.state, locked.change_note) == (VersionState.IN_REVIEW, change_note):
            return locked
        if locked.state != VersionState.DRAFT:
            raise NotPossibleNow(_("Only a draft can be sent to review."))
        if not change_note:
            raise NotPossibleNow(_("Say why the plan changes."), field="change_note")
        if trouble := trouble_in(change_note):
            raise NotPossibleNow(trouble, field="change_note")
        refuse_to_go_live(locked)
        locked.move_to(VersionState.IN_REVIEW)
        locked.change_note = change_note
        locked.save(update_fields=["state", "change_note"])
    return locked


def review_plan(
    *, plan: AftercarePlan, reviewed_by: User, now: dt.datetime, previewed: str = ""
) -> AftercarePlan:
    """A dermatologist has read every word of a plan in review; their name stands under its e-mails.

    Reviewed already: nothing happens. `previewed` is the `preview_of` what they read. Raises
    NotPossibleNow for its writer, for who is no dermatologist, and where it is not that any more.
    """
    with transaction.atomic():
        locked = _lock(plan)
        if locked.state != VersionState.IN_REVIEW:
            raise NotPossibleNow(_("Only a plan in review can be reviewed."))
        if locked.written_by_id == reviewed_by.pk:
            raise NotPossibleNow(_("A second person has to review this version."))
        dermatologist = dermatologist_who_is(reviewed_by)
        if dermatologist is None:
            raise NotPossibleNow(_("Only a dermatologist can review an aftercare plan."))
        if locked.reviewed_by_id is None:
            _refuse_unless_previewed(locked, previewed)
            locked.reviewed_by, locked.reviewed_at = dermatologist, now
            locked.save(update_fields=["reviewed_by", "reviewed_at"])
    return locked


def send_back(*, plan: AftercarePlan, remark: str) -> AftercarePlan:
    """Gives a plan in review back to its writer, with what should change; a review of it is void.

    Sent back already with the same remark: nothing happens. Raises NotPossibleNow without a remark,
    and where it is not in review.
    """
    remark = remark.strip()
    with transaction.atomic():
        locked = _lock(plan)
        if (locked.state, locked.remark) == (VersionState.DRAFT, remark) and remark:
            return locked
        if locked.state != VersionState.IN_REVIEW:
            raise NotPossibleNow(_("Only a plan in review can be sent back."))
        if not remark:
            raise NotPossibleNow(_("Say what should change."), field="remark")
        if trouble := trouble_in(remark):
            raise NotPossibleNow(trouble, field="remark")
        locked.move_to(VersionState.DRAFT)
        locked.reviewed_by = locked.reviewed_at = None
        locked.remark = remark
        locked.save(update_fields=["state", "reviewed_by", "reviewed_at", "remark"])
    return locked


def publish_plan(
    *, plan: AftercarePlan, published_by: User, now: dt.datetime, previewed: str = ""
) -> AftercarePlan:
    """Makes a reviewed plan the live one and retires the one before; it never changes again.

    What is owed follows it from then on; a step that somebody had is not sent to them again.
    `previewed` is the `preview_of` what its publisher looked at. Published already by the same person:
    nothing happens. Raises NotPossibleNow: not in review, not reviewed, words missing, no longer what
    was previewed, or published by the person who wrote it.
    """
    with transaction.atomic():
        # Two publications for one treatment come one after the other.
        Treatment.objects.select_for_update(no_key=True).get(pk=plan.treatment_id)
        locked = _lock(plan)
        if (locked.state, locked.published_by_id) == (VersionState.PUBLISHED, published_by.pk):
            return locked
        _refuse_unless_ready(locked, published_by)
        refuse_to_go_live(locked)
        _refuse_unless_previewed(locked, previewed)
        live = AftercarePlan.objects.live_for(locked.treatment)
        if live is not None:
            _refuse_an_older_one(locked, live)
            _retire(live)
        locked.move_to(VersionState.PUBLISHED)
        locked.published_by_id, locked.published_at = published_by.pk, now
        locked.save(update_fields=["state", "published_by", "published_at"])
    return locked


def retire_plan(*, plan: AftercarePlan) -> AftercarePlan:
    """Ends a live plan without another: its treatment owes no aftercare until one is published.

    Retired already: nothing happens. Raises NotPossibleNow for one that is not live.
    """
    with transaction.atomic():
        Treatment.objects.select_for_update(no_key=True).get(pk=plan.treatment_id)
        locked = _lock(plan)
        if locked.state != VersionState.RETIRED:
            _retire(locked)
    return locked


def preview_of(plan: AftercarePlan) -> str:
    """The fingerprint of what would go live now: each step's hours and words, and the review."""
    parts: dict[str, Any] = {
        "plan": plan.pk,
        "change_note": plan.change_note,
        "reviewed_by": plan.reviewed_by_id,
        "steps": [
            [step.key, step.hours_after, *(step.words(language) for language in Language.values)]
            for step in plan.steps.all()
        ],
    }
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def dermatologist_who_is(user: User) -> Dermatologist | None:
    """Who reviews a plan, or a risk list, when this person does: linked to a dermatologist, and in their group.

    A lead links a sign-in to a dermatologist, but puts nobody into a group: so a second lead is none yet.
    """
    in_group = Dermatologist.objects.filter(user__groups__name=groups.DERMATOLOGISTS)
    return in_group.filter(user_id=user.pk).first()


def _lock(plan: AftercarePlan) -> AftercarePlan:
    return AftercarePlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)


def _retire(plan: AftercarePlan) -> None:
    plan.move_to(VersionState.RETIRED)
    plan.save(update_fields=["state"])


def _refuse_unless_ready(plan: AftercarePlan, published_by: User) -> None:
    if plan.state != VersionState.IN_REVIEW:
        raise NotPossibleNow(_("Only a plan in review can be published."))
    if plan.written_by_id == published_by.pk:
        raise NotPossibleNow(_("A second person has to publish this version."))
    if plan.reviewed_by_id is None:
        raise NotPossibleNow(_("A dermatologist has to review this version first."))


def _refuse_an_older_one(plan: AftercarePlan, live: AftercarePlan) -> None:
    if plan.version < live.version:
        raise NotPossibleNow(
            _("Version %(live)s was published meanwhile. Begin a new version from its words.")
            % {"live": live.version}
        )


def _refuse_unless_previewed(plan: AftercarePlan, previewed: str) -> None:
    """Who names what they looked at acts on that alone; "" names nothing."""
    if previewed and previewed != preview_of(plan):
        raise NotPossibleNow(_("The plan has changed since you looked. Please look again."))


def refuse_to_go_live(plan: AftercarePlan) -> None:
    """Whatever PostgreSQL would refuse too, in sentences: no step, gaps, hidden signs.

    And a treatment that is named, for the same words go to who did not allow that.
    """
    steps = list(plan.steps.all())
    if not steps:
        raise NotPossibleNow(_("A plan needs at least one step."))
    treatment = plan.treatment
    own = {treatment.name_en, treatment.name_ar}
    reasons = {name for row in treatment.concerns.all() for name in (row.name_en, row.name_ar)}
    for step in steps:
        for part in AftercareStep.PARTS:
            _refuse_part(step, part)
            _refuse_names(step, part, own | reasons if part == "subject" else own)


def _refuse_part(step: AftercareStep, part: str) -> None:
    """A text stands in both languages, or in neither where it may be left out."""
    texts = {language: text_in(step, part, language) for language in Language.values}
    filled = [bool(text.strip()) for text in texts.values()]
    for language, text in texts.items():
        column: Any = step._meta.get_field(f"{part}_{language}")
        if not text.strip() and (part not in AftercareStep.OPTIONAL or any(filled)):
            raise NotPossibleNow(
                _("%(step)s: “%(text)s” is missing. Each text stands in both languages.")
                % {"step": step.key, "text": column.verbose_name}
            )
        if trouble := trouble_in(text):
            raise NotPossibleNow(f"{step.key}, {column.verbose_name}: {trouble}")


def _refuse_names(step: AftercareStep, part: str, unsaid: set[str]) -> None:
    """Neither language of a text holds one of these names in either language."""
    for language in Language.values:
        column: Any = step._meta.get_field(f"{part}_{language}")
        for name in sorted(unsaid):
            if names(text_in(step, part, language), name):
                raise NotPossibleNow(
                    _(
                        "%(step)s: “%(text)s” names “%(name)s”. Say it in other words: the e-mail also goes "
                        "to patients who do not want that named."
                    )
                    % {"step": step.key, "text": column.verbose_name, "name": name}
                )
