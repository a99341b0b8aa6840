"""How e-mail leaves: what the environment says is what Django and Anymail are told."""

import environ
import pytest
from anymail.backends.postmark import EmailBackend
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.test import override_settings

from clinic import mail

SMTP = "django.core.mail.backends.smtp.EmailBackend"
POSTMARK = "anymail.backends.postmark.EmailBackend"


@pytest.fixture
def env(monkeypatch) -> environ.Env:
    """An environment that says nothing of e-mail."""
    for name in ("EMAIL_URL", "EMAIL_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    return environ.Env()


def told(env: environ.Env, *, production: bool = False) -> dict:
    return mail.way_out(env, timeout=10, production=production)


def test_a_mail_server_is_named_by_its_address(env, monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://user:pass@mail.example.com:587")
    found = told(env, production=True)
    assert (found["EMAIL_BACKEND"], found["EMAIL_HOST"]) == (SMTP, "mail.example.com")
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == (587, True)


def test_on_a_machine_of_ones_own_it_is_the_demos(env):
    assert (told(env)["EMAIL_HOST"], told(env)["EMAIL_PORT"]) == ("127.0.0.1", 8025)


def test_a_service_brings_its_own_settings_and_follows_nobody(env, monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "")
    monkeypatch.setenv("EMAIL_BACKEND", POSTMARK)
    monkeypatch.setenv("ANYMAIL_POSTMARK_SERVER_TOKEN", "a token")
    found = told(env, production=True)
    assert (found["EMAIL_BACKEND"], found["ANYMAIL"]["REQUESTS_TIMEOUT"]) == (POSTMARK, (5, 10))
    with override_settings(**found):
        backend = get_connection()
    assert isinstance(backend, EmailBackend)
    assert (backend.server_token, backend.timeout) == ("a token", (5, 10))
    assert backend.ignore_unsupported_features


@pytest.mark.parametrize("empty", [False, True])
def test_production_refuses_to_start_without_a_way_out(env, monkeypatch, empty):
    if empty:
        monkeypatch.setenv("EMAIL_URL", "")
        monkeypatch.setenv("EMAIL_BACKEND", "")
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        told(env, production=True)


def test_bounces_come_to_the_clinics_own_domain_unless_it_says_otherwise():
    assert mail.bounces_of("The Clinic <hello@mail.example.org>") == "bounces@mail.example.org"
