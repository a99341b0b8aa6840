"""How e-mail leaves, as the environment says: through a mail server, or through a service with an API."""

import os
from email.utils import parseaddr
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

SERVICE = "ANYMAIL_"  # ANYMAIL_POSTMARK_SERVER_TOKEN=... is ANYMAIL["POSTMARK_SERVER_TOKEN"]


def way_out(env: environ.Env, *, timeout: int, production: bool) -> dict[str, Any]:
    """Django's settings for it.

    EMAIL_URL names a mail server. EMAIL_BACKEND names a service in its place, such as
    anymail.backends.postmark.EmailBackend (docs/decisions/022). `timeout`: seconds. Raises
    ImproperlyConfigured in production where neither is named.
    """
    server, service = env.str("EMAIL_URL", default=""), env.str("EMAIL_BACKEND", default="")
    if production and not (server or service):
        raise ImproperlyConfigured(
            "Set EMAIL_URL to a mail server, such as smtp+tls://user:password@mail.example.com:587, or "
            "EMAIL_BACKEND to a mail service, such as anymail.backends.postmark.EmailBackend."
        )
    url = environ.Env.email_url_config(server or "smtp://127.0.0.1:8025")
    return {
        "EMAIL_BACKEND": service or url["EMAIL_BACKEND"],
        "EMAIL_HOST": url["EMAIL_HOST"],
        "EMAIL_PORT": url["EMAIL_PORT"],
        "EMAIL_HOST_USER": url["EMAIL_HOST_USER"] or "",
        "EMAIL_HOST_PASSWORD": url["EMAIL_HOST_PASSWORD"] or "",
        "EMAIL_USE_TLS": url.get("EMAIL_USE_TLS", False),
        "EMAIL_USE_SSL": url.get("EMAIL_USE_SSL", False),
        "EMAIL_TIMEOUT": timeout,
        "ANYMAIL": _service(env, timeout=timeout),
    }


def _service(env: environ.Env, *, timeout: int) -> dict[str, Any]:
    """The service's own settings, as the environment has them.

    No service takes everything that we say of an e-mail (the envelope's sender, say). It is better left
    out than the e-mail not sent; the decision says what each leaves out.
    """
    named = [name for name in os.environ if name.startswith(SERVICE)]
    given = {name.removeprefix(SERVICE): env.str(name) for name in named}
    # To connect, and for each wait after that: both are over before the lease is (bookings/delivery).
    patience = (timeout / 2, timeout)
    return {**given, "IGNORE_UNSUPPORTED_FEATURES": True, "REQUESTS_TIMEOUT": patience}


def bounces_of(sender: str) -> str:
    """The address that bounces come to, unless another is named: "bounces" at the clinic's own domain."""
    return "bounces@" + parseaddr(sender)[1].partition("@")[2]
