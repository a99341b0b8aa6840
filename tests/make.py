"""Rows for tests, made through the actions that people use wherever there is one."""

import datetime as dt
import itertools

from django.contrib.auth.models import Group, User

import bookings.actions
import clinic.actions as clinic_actions
import consent.actions
from bookings import links
from bookings.models import Consultation, WeeklyHours
from clinic.models import AftercarePlan, AftercareStep, Clinic, Concern, Dermatologist, Treatment
from consent.models import ConsentRecord, Reading, Risk, RiskList

# Sunday 22 November 2026, 06:00 UTC: 10:00 in Dubai. Visits begin the day after, at 09:00 in Dubai.
NOW = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)
TOMORROW_AT_9 = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)
_numbers = itertools.count(1)


def clinic(**fields) -> Clinic:
    """The clinic in Dubai: visits of 20 minutes, two hours' notice, six weeks ahead."""
    defaults = {
        "name_en": "Marsa Skin Clinic",
        "name_ar": "عيادة مرسى للجلدية",
        "address_en": "1 Creek Road, Dubai",
        "address_ar": "1 شارع الخور، دبي",
        "phone": "+97145550100",
        "email": "clinic@example.com",
        "zone": "Asia/Dubai",
        "visit_minutes": 20,
        "min_notice_minutes": 120,
        "horizon_days": 42,
        "cancel_until_minutes": 120,
    }
    row = Clinic.objects.filter(id=1).first() or Clinic(id=1)
    return _with(row, defaults | fields)


def _with(row, fields: dict):
    """The row with these fields, saved where that changes it."""
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.save()
    return row


def standard(*, risks: int) -> None:
    """The usual clinic, which stands in every test's database unless its module says otherwise."""
    clinic()
    dermatologist(treatments=[treatment(risks=risks)])
    staff()


def treatment(slug: str = "mesotherapy", *, risks: int | None = None, **fields) -> Treatment:
    """A treatment with two concerns and a published list of four side effects, or as `risks` says."""
    found = Treatment.objects.filter(slug=slug).first()
    if found is not None:
        there = Risk.objects.filter(risk_list__treatment=found, risk_list__state="published").count
        assert risks is None or there() == risks, OTHER_RISKS.format(slug)
        return _with(found, fields)
    defaults = {
        "name_en": slug.replace("-", " ").capitalize(),
        "name_ar": "الميزوثيرابي",
        "summary_en": "Small injections into the middle layer of the skin.",
        "summary_ar": "حقن صغيرة في الطبقة الوسطى من الجلد.",
    }
    row = Treatment.objects.create(slug=slug, **(defaults | fields))
    for position, (key, en, ar) in enumerate(
        [("cellulite", "Cellulite", "السيلوليت"), ("not-sure", "I am not sure", "لست متأكدًا")], 1
    ):
        Concern.objects.create(treatment=row, slug=key, name_en=en, name_ar=ar, position=position)
    if risks != 0:
        publish(risk_list(row, risks=RISKS if risks is None else risks))
    return row


RISKS = 4
OTHER_RISKS = (
    "{} stands in the database with another number of side effects: name another treatment, or mark "
    "the module `empty_clinic` or `one_risk`"
)
RISK_NAMES = [
    ("skin-infection", "Skin infection", "عدوى جلدية"),
    ("needle-pricks", "Discomfort from needle pricks", "انزعاج من وخز الإبر"),
    ("burning", "Burning sensation", "إحساس بالحرقة"),
    ("swelling-bruising", "Swelling and bruising", "تورّم وكدمات"),
]


def risk_list(of: Treatment, *, risks: int = 4) -> RiskList:
    """A draft with the side effects of mesotherapy (more are numbered on)."""
    draft = consent.actions.start_list(treatment=of, written_by=staff("lead"))
    draft.statement_en = "I understand that this can happen"
    draft.statement_ar = "أفهم أن هذا قد يحدث"
    draft.save()
    draft.risks.all().delete()
    for position in range(1, risks + 1):
        key, en, ar = RISK_NAMES[(position - 1) % len(RISK_NAMES)]
        Risk.objects.create(
            risk_list=draft,
            key=key if position <= len(RISK_NAMES) else f"{key}-{position}",
            position=position,
            name_en=en,
            name_ar=ar,
            what_it_is_en=f"What {en.lower()} is.",
            what_it_is_ar=f"ما هو: {ar}.",
            how_long_en="A day or two.",
            how_long_ar="يوم أو يومان.",
            what_helps_en="Icing helps.",
            what_helps_ar="الكمادات الباردة تساعد.",
            when_to_call_en="Call if it gets worse after 48 hours.",
            when_to_call_ar="اتصل إذا ساءت الحالة بعد 48 ساعة.",
        )
    return draft


def in_review(draft: RiskList, *, change: str | None = None) -> RiskList:
    """The draft sent to review; after the first version, as a material change if nothing else is said."""
    if change is None:
        change = "material" if RiskList.objects.live_for(draft.treatment) else ""
    return consent.actions.submit_for_review(
        risk_list=draft, change=change, change_note="Clearer words."
    )


def reviewed(draft: RiskList, *, change: str | None = None, now: dt.datetime = NOW) -> RiskList:
    """The draft sent to review, and reviewed by a dermatologist who sees no patients."""
    reviewer = Dermatologist.objects.filter(slug="reviewer").first()
    if reviewer is None:
        user = staff("second", group="Dermatologists")
        reviewer = dermatologist("reviewer", treatments=[], is_active=False, user=user)
        reviewer.weekly_hours.all().delete()
    return consent.actions.review_wording(
        risk_list=in_review(draft, change=change), reviewed_by=reviewer.user, now=now
    )


def publish(draft: RiskList, *, change: str | None = None, now: dt.datetime = NOW) -> RiskList:
    """The draft reviewed by a dermatologist and published by them too.

    They have left the clinic since: a test finds no dermatologist but its own.
    """
    published = consent.actions.publish(
        risk_list=reviewed(draft, change=change, now=now), published_by=staff("second"), now=now
    )
    Dermatologist.objects.filter(slug="reviewer").delete()
    return published


def dermatologist(slug: str = "huda", *, treatments: list[Treatment] | None = None, **fields):
    """A dermatologist who sees patients every day from 9:00 to 17:00, clinic's clock."""
    found = Dermatologist.objects.filter(slug=slug).first()
    if found is not None:
        if treatments is not None:
            found.treatments.set(treatments)
        return _with(found, fields)
    defaults = {
        "name_en": f"Dr {slug.capitalize()}",
        "name_ar": "د. هدى",
        "title_en": "Dermatologist",
        "title_ar": "طبيبة جلدية",
        "licence_number": f"DHA-P-{next(_numbers):07d}",
        "languages": ["en", "ar"],
        "video_room": f"https://video.example.com/{slug}",
    }
    row = Dermatologist.objects.create(slug=slug, **(defaults | fields))
    row.treatments.set(treatments if treatments is not None else [treatment()])
    WeeklyHours.objects.bulk_create(
        WeeklyHours(dermatologist=row, weekday=day, starts=dt.time(9), ends=dt.time(17))
        for day in range(7)
    )
    return row


APPROVED = dt.datetime(2026, 10, 5, 8, 0, tzinfo=dt.UTC)


def aftercare_steps(
    of: Treatment, *, hours: tuple[int, ...] = (0, 24, 48), **words: str
) -> list[AftercareStep]:
    """Steps of the published plan at these hours after a session; the first is icing.

    What the plan lacks, or says in other words, is published as a new version.
    """
    live = AftercarePlan.objects.live_for(of)
    wanted = [f"after-{after}" for after in hours]
    there = live.steps.filter(key__in=wanted, **words).count() if live else 0
    if live is None or there < len(wanted):
        draft = plan(of)
        for position, after in enumerate(hours, 1):
            write_step(draft, after, position=position, **words)
        live = publish_plan(draft)
    return list(live.steps.filter(key__in=wanted))


def plan(of: Treatment, *, hours: tuple[int, ...] = ()) -> AftercarePlan:
    """A draft with the newest steps, and with these."""
    draft = clinic_actions.start_plan(treatment=of, written_by=staff("lead"))
    for position, after in enumerate(hours, 1):
        write_step(draft, after, position=position)
    return draft


def write_step(draft: AftercarePlan, after: int, *, key: str = "", **fields) -> AftercareStep:
    """A step of a draft, written or written over."""
    defaults = {
        "position": 1,
        "hours_after": after,
        "subject_en": "Your clinic: after your visit",
        "subject_ar": "عيادتك: بعد زيارتك",
        "title_en": "Icing" if after == 0 else f"After {after} hours",
        "title_ar": "الكمادات الباردة" if after == 0 else f"بعد {after} ساعة",
        "body_en": "1. Wrap ice in a thin damp towel.\n2. Hold it for 10 minutes.",
        "body_ar": "1. لفّ الثلج بمنشفة رقيقة رطبة.\n2. ضعه 10 دقائق.",
        "red_flags_en": "Call the same day: spreading redness.",
        "red_flags_ar": "اتصل في اليوم نفسه: احمرار ينتشر.",
        "emergency_en": "Call 998: trouble breathing.",
        "emergency_ar": "اتصل بالرقم 998: صعوبة في التنفس.",
    }
    step, _made = AftercareStep.objects.update_or_create(
        plan=draft, key=key or f"after-{after}", defaults=defaults | fields
    )
    return step


def reviewed_plan(draft: AftercarePlan, *, now: dt.datetime = APPROVED) -> AftercarePlan:
    """The draft sent to review and reviewed by Huda, who has a sign-in for as long as that takes."""
    sent = clinic_actions.submit_for_review(plan=draft, change_note="Clearer words.")
    huda = dermatologist()
    had_none = huda.user is None
    if huda.user is None:
        huda.user = staff("approver", group="Dermatologists")
        huda.save(update_fields=["user"])
    row = clinic_actions.review_plan(plan=sent, reviewed_by=huda.user, now=now)
    if had_none:
        huda.user = None
        huda.save(update_fields=["user"])
    return row


def publish_plan(draft: AftercarePlan, *, now: dt.datetime = APPROVED) -> AftercarePlan:
    """The draft reviewed, and published by a second person."""
    reviewed = reviewed_plan(draft, now=now)
    return clinic_actions.publish_plan(plan=reviewed, published_by=staff("second"), now=now)


def staff(name: str = "reception", *, group: str = "") -> User:
    """A member of staff, in a group ("Reception", "Dermatologists", "Lead") if one is named."""
    user, _made = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def details(**fields) -> dict:
    """What a patient types about themselves; another person with each call."""
    number = next(_numbers)
    return {
        "patient_name": f"Patient {number}",
        "guardian_name": "",
        "email": f"patient{number}@example.com",
        "mobile": f"+9715000{number:05d}",
        "birth_date": dt.date(1990, 5, 17),
        "language": "en",
        "zone": "Asia/Dubai",
        "names_treatment": False,
    } | fields


def held(*, starts_at: dt.datetime = TOMORROW_AT_9, now: dt.datetime = NOW, **fields):
    """A request with a time held for it, whose address is not proven yet."""
    clinic()
    fields.setdefault("treatment", treatment())
    fields.setdefault("dermatologist", dermatologist())
    return bookings.actions.request(starts_at=starts_at, now=now, **details(**fields))


def waiting(*, now: dt.datetime = NOW, **fields) -> Consultation:
    """A request without a time."""
    clinic()
    fields.setdefault("treatment", treatment())
    return bookings.actions.request(now=now, **details(**fields))


def proven(*, now: dt.datetime = NOW, **fields) -> Consultation:
    """A held request whose address is proven by the code."""
    consultation = held(now=now, **fields)
    return bookings.actions.prove_by_code(
        consultation=consultation, code=links.code(consultation), now=now
    )


def acknowledge_all(
    consultation: Consultation, *, now: dt.datetime = NOW, leave: int = 0, **fields
) -> Reading:
    """Each risk acknowledged by its own act; `leave` of them are left out."""
    reading = consent.actions.open_reading(
        consultation=consultation, language=consultation.language, now=now
    )
    risks = list(reading.risk_list.risks.order_by("position"))
    for risk in risks[: len(risks) - leave]:
        consent.actions.acknowledge(
            consultation=consultation,
            shown=consent.actions.shown(reading=reading, risk=risk, now=now),
            understood=True,
            now=now,
            **fields,
        )
    return reading


def confirmed(*, now: dt.datetime = NOW, **fields) -> Consultation:
    """A visit that went the whole road."""
    consultation = proven(now=now, **fields)
    sealed(consultation, now=now)
    consultation.refresh_from_db()
    return consultation


def sealed(consultation: Consultation, *, now: dt.datetime = NOW) -> ConsentRecord:
    """The record of a consultation whose risks are all acknowledged now."""
    reading = acknowledge_all(consultation, now=now)
    return consent.actions.seal(consultation=consultation, reading=reading.pk, now=now)


def completed(*, starts_at: dt.datetime = TOMORROW_AT_9, **fields) -> Consultation:
    """A visit that took place."""
    consultation = confirmed(starts_at=starts_at, **fields)
    return bookings.actions.complete(
        consultation=consultation, now=starts_at + dt.timedelta(minutes=30)
    )
