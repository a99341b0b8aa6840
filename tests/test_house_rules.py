"""The rules of the house that a machine can hold us to (STYLE 28, DESIGN 4)."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.core.management import call_command
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bookings import owing
from bookings.models import TRANSITIONS, Status
from clinic import clock
from tests import make

TOP = Path(__file__).resolve().parent.parent
OURS = [
    path
    for app in ("clinic", "bookings", "consent")
    for path in sorted((TOP / app).rglob("*.py"))
    if "migrations" not in path.parts
]
CATALOGUE = TOP / "clinic" / "locale" / "ar" / "LC_MESSAGES" / "django.po"
WRITTEN_ONCE = {
    *("Reading", "Acknowledgement", "ConsentRecord", "Review", "Particulars"),
    *("PatientAct", "RecordAccess", "LedgerEntry", "TreeNode", "TreeHead", "Verification"),
    "Remark",
}
CHANGED_IN_PLACE = {
    *("Clinic", "Treatment", "Concern", "Dermatologist", "AftercareStep"),
    *("WeeklyHours", "Season", "Closure", "Opening"),
    *("Patient", "Consultation", "Offer", "TreatmentSession", "Message", "Relay"),
    *("RiskList", "Risk"),
    *("LegalHold", "ErasureRequest", "AnchorPlace"),
    "KeptAnswer",
    "AftercarePlan",
}


@pytest.mark.django_db
def test_the_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_status_is_in_the_transition_table():
    assert set(TRANSITIONS) == set(Status.values)


def test_every_model_is_known_as_written_once_or_changed_in_place():
    models = {
        model.__name__
        for app in ("clinic", "bookings", "consent")
        for model in apps.get_app_config(app).get_models()
    }
    assert models == WRITTEN_ONCE | CHANGED_IN_PLACE


def test_nobody_but_move_to_assigns_a_status():
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "status":
                    assert path.name == "consultation.py", f"{path}:{node.lineno}"
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "update":
                assert "status" not in {word.arg for word in node.keywords}, f"{path}:{node.lineno}"


# One file on purpose: a court's expert reads it and runs it alone (docs/evidence.md).
READ_ALONE = {"consent/verify_evidence.py"}


def test_no_file_is_longer_than_300_lines():
    long = {str(path.relative_to(TOP)) for path in OURS if len(path.read_text().split("\n")) > 301}
    assert long <= READ_ALONE


def test_every_module_says_what_it_is_in_its_first_sentence():
    silent = [
        path
        for path in OURS
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_no_room_without_a_subject():
    rooms = re.compile(r"^(utils?|helpers?|common|base|services?|managers?|mixins?|signals?)$")
    django_names_it = TOP / "clinic" / "postgresql" / "base.py"
    assert not [path for path in OURS if rooms.match(path.stem) and path != django_names_it]


def test_bookings_never_says_consent():
    """It reaches the other app by URL name and permission alone; no name of its own says it."""
    for path in sorted((TOP / "bookings").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for part in ("id", "attr", "name", "arg", "module"):
                word = getattr(node, part, None)
                assert "consent" not in str(word).lower(), f"{path}:{node.lineno}"


def test_the_import_contracts_hold():
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [lint, "--no-cache"], cwd=TOP, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout


def test_every_template_can_be_read():
    for app in ("clinic", "bookings", "consent"):
        folder = TOP / app / "templates"
        for path in sorted(folder.rglob("*.*")):
            get_template(str(path.relative_to(folder)))


def test_no_arabic_message_is_missing_or_fuzzy():
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if not message.id:
            continue
        words = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(words), f"no Arabic for: {message.id}"
        assert not message.fuzzy, f"not looked at: {message.id}"
    assert catalogue.num_plurals == 6


def test_arabic_keeps_every_placeholder():
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = set(re.findall(r"%\(\w+\)[sd]", ids[-1]))
        words = message.string if isinstance(message.string, tuple) else (message.string,)
        for number, text in enumerate(words):
            found = set(re.findall(r"%\(\w+\)[sd]", text))
            # One and two can be said in words, without the figure.
            missing = wanted - found
            assert found <= wanted, f"{message.id}: {text}"
            assert not missing or (len(words) == 6 and number in (0, 1, 2)), f"{message.id}: {text}"


def test_the_compiled_catalogue_is_that_of_the_source():
    with CATALOGUE.open("rb") as file:
        source = read_po(file)
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    for message in source:
        if message.id:
            found = compiled.get(message.id, context=message.context)
            assert found is not None, message.id
            kept = tuple(found.string) if isinstance(message.string, tuple) else found.string
            assert kept == message.string, message.id


def test_every_string_that_a_person_sees_is_in_the_catalogue():
    """Every literal that the code hands to gettext stands in the Arabic catalogue."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    known = set()
    for message in catalogue:
        known.update(message.id if isinstance(message.id, tuple) else [message.id])
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", "")
            if name in ("_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"):
                literal = node.args[0]
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    assert literal.value in known, f"{path}:{node.lineno}: {literal.value}"


def _all_urls(resolver: URLResolver, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name != "admin":  # each admin page asks for a sign-in; its tests say so
                found += _all_urls(entry, prefix + str(entry.pattern))
        else:
            found.append((prefix + str(entry.pattern), entry))
    return found


@pytest.mark.django_db
def test_every_address_is_public_on_purpose_or_tells_a_stranger_nothing(settings):
    """With a booked visit in the database, a stranger's GET of any page shows none of its facts."""
    consultation = make.confirmed(patient_name="Zubaida Canary", email="canary@example.com")
    owing.note_owed(now=clock.now())  # else /healthz/messages says 503, as it should
    facts = ["Zubaida", "canary@example.com", consultation.reference, consultation.receipt]
    token = f"{consultation.reference}.guessed"
    for address, _pattern in _all_urls(get_resolver()):
        path = "/" + re.sub(
            r"<(?:(\w+):)?(\w+)>", lambda m: "1" if m[1] == "int" else token, address
        )
        path = path.replace("^", "").replace("$", "")
        answer = Client().get(path)
        assert answer.status_code < 500, path
        page = answer.content.decode()
        for fact in facts:
            assert fact not in page.replace(token, ""), f"{path} tells a stranger {fact}"


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["", "ar/"])
def test_no_page_answers_a_stranger_with_an_error_of_ours(language):
    make.confirmed()
    for address in (
        "",
        "book/what/",
        "book/when/",
        "book/about-you/",
        "book/code/",
        "my/",
        "nothing/",
    ):
        assert Client().get(f"/{language}{address}").status_code in (200, 302, 303, 404)
