"""The risk list as a Questionnaire, and what was acknowledged of it as a QuestionnaireResponse."""

from django.conf import settings
from django.utils.translation import gettext, override

from clinic.i18n import Language, text_in
from clinic.models import VersionState
from consent.bodies import PURPOSE
from consent.exhibit import Act, Exhibit
from consent.fhir.people import guardian_urn, patient_urn
from consent.fhir.terms import (
    Resource,
    absent,
    extension,
    moment,
    own_system,
    translated,
)
from consent.models import ActKind, PatientAct, Risk, RiskList

STATUS = {VersionState.PUBLISHED: "active", VersionState.RETIRED: "retired"}
NARRATIVE = (
    '<div xmlns="http://www.w3.org/1999/xhtml"><p>Acknowledgement of risk information; '
    "not consent to a procedure.</p></div>"
)
BASE, OTHER = Language.ENGLISH.value, Language.ARABIC.value  # of the Questionnaire's own texts


def canonical_url(risk_list: RiskList) -> str:
    """The address of all versions of a treatment's list."""
    return f"{settings.SITE_URL}/fhir/Questionnaire/{risk_list.treatment.slug}"


def questionnaire(risk_list: RiskList) -> Resource:
    """One published version of a list: an item for each risk, its exact words in both languages."""
    return {
        "resourceType": "Questionnaire",
        "language": BASE,
        "url": canonical_url(risk_list),
        "version": str(risk_list.version),
        "title": risk_list.treatment.name_en,
        "_title": translated(OTHER, risk_list.treatment.name_ar),
        "status": STATUS.get(VersionState(risk_list.state), "draft"),
        "subjectType": ["Patient"],
        **({"date": moment(risk_list.published_at)} if risk_list.published_at else {}),
        "purpose": PURPOSE,
        "item": [_asked(risk_list, risk) for risk in risk_list.risks.order_by("position")],
    }


def response(exhibit: Exhibit, withdrawn: PatientAct | None) -> Resource:
    """What was shown and acknowledged, in the words and the language that were on the page.

    A withdrawal is a modifier: who does not know it must not use what it changes (FHIR R4B 2.4.2).
    """
    record, reading = exhibit.record, exhibit.record.reading
    return {
        "resourceType": "QuestionnaireResponse",
        "language": reading.language,
        "text": {"status": "additional", "div": NARRATIVE},
        "extension": [
            extension("read-by", valueCode=reading.read_by),
            extension("opened-at", valueInstant=moment(reading.opened_at)),
            extension("declaration", valueString=record.declaration),
        ],
        **({"modifierExtension": [_withdrawn(withdrawn)]} if withdrawn else {}),
        "identifier": {"system": own_system("record"), "value": record.record_hash},
        "questionnaire": f"{canonical_url(reading.risk_list)}|{reading.risk_list.version}",
        "status": "completed",
        "subject": {"reference": patient_urn(exhibit)},
        "authored": moment(record.sealed_at),
        "source": {
            "reference": guardian_urn(exhibit) if exhibit.has_guardian else patient_urn(exhibit)
        },
        "item": [_answered(exhibit, act) for act in exhibit.acts],
    }


def _asked(risk_list: RiskList, risk: Risk) -> Resource:
    """A choice with one answer, the statement beside the tick: what was agreed to, never a yes or no."""
    return {
        "linkId": risk.key,
        "text": risk.words(BASE),
        "_text": translated(OTHER, risk.words(OTHER)),
        "type": "choice",
        "required": True,
        "answerOption": [
            {
                "valueString": text_in(risk_list, "statement", BASE),
                "_valueString": translated(OTHER, text_in(risk_list, "statement", OTHER)),
            }
        ],
        "item": [
            {"linkId": _talk(risk.key), "type": "boolean"} | _label(TALK),
            {"linkId": _question(risk.key), "type": "text"} | _label(QUESTION),
        ],
    }


def _answered(exhibit: Exhibit, act: Act) -> Resource:
    row = act.row
    if not act.is_open:
        return {"linkId": act.key, **absent()}
    language = exhibit.record.reading.language
    return {
        "linkId": act.key,
        "extension": [
            extension("shown-at", valueInstant=moment(row.shown_at)),
            extension("acknowledged-at", valueInstant=moment(row.acknowledged_at)),
            extension("carried-over", valueBoolean=row.carried_from_id is not None),
        ],
        "text": row.words,
        "answer": [{"valueString": row.statement, "item": _said(exhibit, act, language)}],
    }


def _said(exhibit: Exhibit, act: Act, language: str) -> list[Resource]:
    """Whether the patient wants to talk about this risk, and their question if they asked one."""
    wish = {
        "linkId": _talk(act.key),
        "text": _words(TALK, language),
        "answer": [{"valueBoolean": act.row.wants_to_talk}],
    }
    if not act.row.question_commitment:
        return [wish]
    kept = exhibit.values.get(act.row.question_commitment)
    answer = {"valueString": kept.value} if kept else {"_valueString": absent()}
    asked = {
        "linkId": _question(act.key),
        "text": _words(QUESTION, language),
        "answer": [answer],
    }
    return [wish, asked]


def _withdrawn(act: PatientAct) -> Resource:
    assert act.kind == ActKind.WITHDRAWN
    return extension("withdrawn-at", valueInstant=moment(act.acted_at))


def _talk(key: str) -> str:
    return f"{key}.wants-to-talk"


def _question(key: str) -> str:
    return f"{key}.question"


# The labels of the form under a risk's words.
TALK = "I want to talk about this with the dermatologist"
QUESTION = "Your question"


def _words(label: str, language: str) -> str:
    with override(language):
        return gettext(label)


def _label(label: str) -> Resource:
    return {"text": _words(label, BASE), "_text": translated(OTHER, _words(label, OTHER))}
