"""The scene that attacks begin with, made once for each module that asks for it, then copied."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.conftest import risks_of
from tests.consent.attacker import Scene, scene


@pytest.fixture(scope="module")
def pattern(
    request, test_databases, django_db_setup, django_db_blocker, tmp_path_factory
) -> Iterator[Scene]:
    """The scene's own database, which nobody changes."""
    folder = tmp_path_factory.mktemp("scene")
    risks = risks_of(request.node)
    with (
        django_db_blocker.unblock(),
        test_databases.copy(risks=risks) as name,
        override_settings(ANCHOR_FILE=str(folder / "anchors.jsonl")),
    ):
        yield scene(name, folder)


@pytest.fixture
def here(pattern, test_databases, django_db_blocker, settings, tmp_path) -> Iterator[Scene]:
    """A copy of the scene for one test to spoil, with a fourth record that waits to be sealed."""
    with django_db_blocker.unblock(), test_databases.copy_of(pattern.name) as name:
        copied = pattern.copied(name, tmp_path)
        settings.ANCHOR_FILE = str(copied.anchors)
        copied.sealed()
        yield copied
