"""One settings file for every place this runs: what differs is read from the environment."""

import zoneinfo
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from clinic import embedded, mail
from clinic.logs import LOGGING as LOGGING

# The zones of the locked tzdata package count, not those that the machine happens to have: they are
# the same wherever this runs, and a test of clock changes holds against them.
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where it runs ---------------------------------------------------------------------------

PRODUCTION = env.bool("PRODUCTION", default=False)
DEMO = env.bool("DEMO", default=False)  # `make run`: demo data, the inbox page
DEBUG = env.bool("DEBUG", default=False)
if PRODUCTION and (DEMO or DEBUG):
    raise ImproperlyConfigured("PRODUCTION cannot be set together with DEMO or DEBUG. Unset one.")

SECRET_KEY = env.str("SECRET_KEY", default="" if PRODUCTION else "only-for-development-" + "x" * 40)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Links and codes in e-mails are derived from this key; changing it ends every link that was sent.
LINK_KEY = env.str("LINK_KEY", default=SECRET_KEY)
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "testserver"])
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []
# Signs the ledger (consent/ledger/keys.py). Never in the database: who changes rows cannot sign them.
LEDGER_KEY = env.str("LEDGER_KEY", default="")
LEDGER_KEY_FILE = Path(env.str("LEDGER_KEY_FILE", default=str(BASE_DIR / ".local" / "ledger.key")))
if PRODUCTION and not (LEDGER_KEY or "LEDGER_KEY_FILE" in env):
    raise ImproperlyConfigured(
        "Set LEDGER_KEY, or LEDGER_KEY_FILE to a file that holds it: evidence is signed. Make a key "
        "with `manage.py ledger_key`, and keep a copy of it away from the database and its backups."
    )
LEDGER_PREVIOUS_KEY = env.str("LEDGER_PREVIOUS_KEY", default="")  # while the key is changed
# Where the ledger's signed heads are kept outside the database (consent/actions/anchoring).
ANCHOR_FILE = env.str("ANCHOR_FILE", default=str(BASE_DIR / ".local" / "anchors.jsonl"))
ANCHOR_MAIL_TO = env.list("ANCHOR_MAIL_TO", default=["lead@example.com"] if DEMO else [])
ANCHOR_TSA_URL = env.str("ANCHOR_TSA_URL", default="")  # RFC 3161
ANCHOR_TSA_CERTIFICATE = env.str("ANCHOR_TSA_CERTIFICATE", default="")  # a PEM file's path
# Whoever has it may read /metrics. Without it that page is not there in production.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# How many reverse proxies of our own stand in front: X-Forwarded-For is believed only that far.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# --- PostgreSQL and Redis --------------------------------------------------------------------

_embedded = embedded.addresses()
DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASE_OWNER_URL = env.str(
    "DATABASE_OWNER_URL", default=DATABASE_URL or _embedded.database_owner_url
)
DATABASE_URL = DATABASE_URL or _embedded.database_url
REDIS_URL = env.str("REDIS_URL", default=_embedded.redis_url)
if PRODUCTION and DATABASE_OWNER_URL == DATABASE_URL:
    raise ImproperlyConfigured(
        "Set DATABASE_OWNER_URL to the role that migrates and DATABASE_URL to the role that the "
        "application runs as: with one role the evidence would not be protected from the application."
    )


def _database(url: str, **options: str | int) -> dict[str, Any]:
    """Django's settings for one role; a unix socket's folder is written as ?host=."""
    settings = environ.Env.db_url_config(url)
    options = {**settings.pop("OPTIONS", {}), **options}
    settings["HOST"] = options.pop("host", settings.get("HOST", ""))
    return {**settings, "ENGINE": "clinic.postgresql", "OPTIONS": options}


DATABASES = {
    # The role the application runs as; on evidence it has SELECT and INSERT only.
    "default": {
        **_database(
            DATABASE_URL,
            options="-c lock_timeout=10s -c statement_timeout=30s",
            # A statement is parsed once for each connection (docs/decisions/009).
            server_side_binding=True,
            prepare_threshold=1,
        ),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    },
    # The role that migrates. Nothing else uses it.
    "owner": _database(DATABASE_OWNER_URL),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY: dict[str, object] = {
    "broker_url": REDIS_URL,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,  # else a worker ends when Redis is away for an hour
    # A frozen broker must never hang a caller (measured: 45 s without this).
    "broker_transport_options": {
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        # A task that a killed worker had in hand is not given out again: beat wakes it anew. Keeping a list
        # of those ended each worker that had one in hand when Redis went away (kombu 5.7).
        "ack_emulation": False,
    },
    "task_ignore_result": True,
    "task_time_limit": 50,
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "timezone": "UTC",
}

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "clinic",
    "bookings",
    "consent",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "phonenumber_field",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "clinic.api.language.api_manners",
    "django.middleware.common.CommonMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.api.once.once",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.clinic",
            ],
        },
    }
]
FORM_RENDERER = "clinic.forms.PageRenderer"

# --- Languages and time ----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"  # what is stored; the clinic's own zone is on the Clinic row

# --- Static files ----------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = not PRODUCTION  # no collectstatic needed before the first page
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- E-mail ----------------------------------------------------------------------------------

EMAIL_TIMEOUT = 10  # seconds
globals().update(mail.way_out(env, timeout=EMAIL_TIMEOUT, production=PRODUCTION))
# How many connections to the mail server all senders together may have.
MAIL_CONNECTIONS = env.int("MAIL_CONNECTIONS", default=4)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Clinic <clinic@example.com>")
# "bounces@x" gets what comes back as "bounces+12.abc@x"; the mailbox is imaps://user:password@host/folder.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="") or mail.bounces_of(DEFAULT_FROM_EMAIL)
BOUNCE_IMAP_URL = env.str("BOUNCE_IMAP_URL", default="")
# Where the demo's mail catcher keeps what it was given; the inbox page reads it.
DEMO_MAIL_FOLDER = Path(env.str("DEMO_MAIL_FOLDER", default=str(BASE_DIR / ".local" / "mail")))

# --- Security --------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_AGE = 24 * 60 * 60  # a patient may come back to a half-finished request for a day
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "clinic.views.form_too_old"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz(/messages)?$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
# Not "no-referrer": browsers then send "Origin: null" and the CSRF check refuses the form.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- API -------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["clinic.api.asking.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "clinic.api.problems.problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Clinic consultations",
    "DESCRIPTION": "Free online consultations, with each listed side effect acknowledged by its own "
    "act. This records that risk information was read; it is not consent to a procedure.",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "clinic.api.openapi.describe",
    ],
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"LanguageEnum": "clinic.i18n.Language"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The token that a new request is answered with, for all that follows.
    "APPEND_COMPONENTS": {"securitySchemes": {"road": {"type": "http", "scheme": "bearer"}}},
}

# --- Phones ----------------------------------------------------------------------------------

PHONENUMBER_DEFAULT_REGION = "AE"
PHONENUMBER_DB_FORMAT = "E164"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"
