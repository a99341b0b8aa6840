"""docker-compose.yml and Dockerfile: true to the specification, linted, and as DESIGN section 7 says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bookings import owing
from clinic import clock
from clinic.management.commands import run

TOP = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((TOP / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def tool(name: str, *arguments: str) -> None:
    found = Path(sys.executable).parent / name
    done = subprocess.run(
        [found, *arguments], cwd=TOP, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_file_is_true_to_the_compose_specification():
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def test_the_schema_check_can_fail(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text("services:\n  web:\n    ports: yes\n")
    with pytest.raises(AssertionError):
        tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong))


def test_the_dockerfile_is_linted():
    tool("hadolint", "Dockerfile")


def test_everything_that_runs_has_its_container():
    ours = {"migrate", "web", "worker", "beat", "sender", "sealer", "bounces"}
    assert set(SERVICES) == {"postgres", "redis", *ours}
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert "send_due" in SERVICES["sender"]["command"]
    assert "grow_ledger" in SERVICES["sealer"]["command"]
    for name in ("sender", "sealer"):
        assert "--loop" in SERVICES[name]["command"]


def test_bounces_are_read_where_a_mailbox_is_named_and_nobody_else_is_left_out():
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["bounces"]
    assert SERVICES["bounces"]["command"][2:] == ["read_bounces", "--imap", "--loop"]
    assert {"BOUNCE_ADDRESS", "BOUNCE_IMAP_URL"} <= set(SERVICES["bounces"]["environment"])


def test_whoever_keeps_the_ledgers_heads_has_the_volume_that_they_are_kept_on():
    """The image makes its folder for the user that runs: the rest of the container cannot be written."""
    folder = str(Path(SERVICES["web"]["environment"]["ANCHOR_FILE"]).parent)
    for name in ("worker", "sealer"):
        assert SERVICES[name]["volumes"] == [f"anchors:{folder}"]
    assert "anchors" in COMPOSE["volumes"]
    assert f"install --directory --owner=10001 {folder}" in (TOP / "Dockerfile").read_text()


def test_the_image_runs_the_web_server_as_make_run_does():
    """But for the address that it listens on."""
    instruction = re.search(r"^CMD (.*)", (TOP / "Dockerfile").read_text(), re.M | re.S)
    assert instruction
    _name, *arguments = json.loads(instruction[1].replace("\\\n", ""))
    there = [each for each in arguments if not each.startswith("--host")]
    assert there == [each for each in run.WEB[1:] if not each.startswith("--host")]


def test_the_sender_is_well_while_e_mails_go_out(live_site, committed_db):
    """Its healthcheck is run as it stands there, with the web server of the test instead of `web`."""
    asks = SERVICES["sender"]["healthcheck"]["test"][-1].replace("http://web:8000", live_site)

    def is_well() -> bool:
        done = subprocess.run([sys.executable, "-c", asks], capture_output=True, timeout=30)
        return done.returncode == 0

    assert not is_well()  # nobody has asked yet what is owed
    owing.note_owed(now=clock.now())
    assert is_well()


def test_redis_keeps_its_queue_and_refuses_rather_than_forgets():
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_only_the_migration_knows_the_owners_password():
    for name, service in SERVICES.items():
        knows = "CLINIC_OWNER_PASSWORD" in str(service.get("environment"))
        assert knows == (name in ("migrate", "postgres")), name


def test_the_application_waits_for_the_migration_and_the_sender_does_not_need_redis():
    for name in ("web", "worker", "beat", "sender", "sealer"):
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert ("redis" in waits) == (name in ("worker", "beat"))


def test_every_variable_is_explained_or_has_a_default():
    text = (TOP / "docker-compose.yml").read_text()
    for name, rest in re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", text):
        assert rest.startswith((":?", ":-")), name


def test_no_port_is_open_to_the_world():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published), published


def test_the_environment_that_compose_sets_is_one_that_the_settings_accept():
    named = dict.fromkeys(re.findall(r"(?<!\$)\$\{(\w+)", str(SERVICES["web"])), "x")
    named |= {"EMAIL_URL": "smtp+tls://u:p@mail.example.com:587", "TRUSTED_PROXIES": "1"}
    named |= {"EMAIL_BACKEND": "", "BOUNCE_ADDRESS": ""}
    environment = {
        key: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: named[found[1]], value)
        for key, value in SERVICES["web"]["environment"].items()
    }
    code = (
        "from django.conf import settings as s; "
        "assert s.DATABASES['default']['USER'] == 'clinic_app'; "
        "assert s.DATABASES['owner']['USER'] == 'clinic_owner'; "
        "assert s.BOUNCE_ADDRESS == 'bounces@' + s.DEFAULT_FROM_EMAIL.partition('@')[2]; "
        "assert s.EMAIL_USE_TLS and s.SESSION_COOKIE_SECURE and not s.DEMO"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=TOP,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "clinic.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
