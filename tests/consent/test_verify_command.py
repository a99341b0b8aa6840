"""The command as a person and a program meet it: a bar on a terminal, nothing but the answer elsewhere."""

import os
import pty
import subprocess
import sys

import pytest

from tests import databases
from tests.databases import CHECKOUT

pytestmark = pytest.mark.one_risk

COMMAND = [sys.executable, "manage.py", "verify_ledger", "--full"]


def environment(name: str, anchors: str) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": databases.url_of(name),
        "DATABASE_OWNER_URL": databases.url_of(name, owner=True),
        "ANCHOR_FILE": anchors,
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
    }


def test_a_terminal_sees_how_far_it_is(here):
    here.grow()
    ours, theirs = pty.openpty()
    done = subprocess.run(
        COMMAND,
        cwd=CHECKOUT,
        env=environment(here.name, str(here.anchors)),
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=120,
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "100%" in shown and "entries/s" in shown
    assert done.stdout.decode().splitlines()[-1] == "SOUND"
    assert done.returncode == 0


def test_a_pipe_gets_the_answer_alone(here):
    here.grow()
    done = subprocess.run(
        [*COMMAND, "--json"],
        cwd=CHECKOUT,
        env=environment(here.name, str(here.anchors)),
        capture_output=True,
        timeout=120,
    )
    assert done.stderr == b""
    assert done.stdout.startswith(b"{") and done.returncode == 0
