"""The FHIR export as a reader gets it, and what can be looked up in it."""

import json

from clinic.models import Clinic
from consent.exhibit import exhibit_of
from consent.fhir import fhir_of
from consent.fhir.terms import own_extension


def exported(record, **chosen):
    """The bundle as a reader gets it: through JSON."""
    clinic = Clinic.objects.the_clinic()
    made = fhir_of(exhibit_of(record, **chosen), clinic=clinic)
    return json.loads(json.dumps(made, ensure_ascii=False))


def of_kind(bundle, kind):
    return [
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind
    ]


def one(bundle, kind):
    (found,) = of_kind(bundle, kind)
    return found


def own(resource, name):
    (found,) = [each for each in resource["extension"] if each["url"] == own_extension(name)]
    return found


def everything_in(value):
    """Every dictionary somewhere inside."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from everything_in(inner)
