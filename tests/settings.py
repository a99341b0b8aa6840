"""The clinic's settings on servers of the tests' own, so that no test can touch the demo's data.

Django reads this before any conftest.py runs: the environment must be right before settings are read.
"""

import os
from pathlib import Path

from clinic import embedded

FOLDER = Path(__file__).resolve().parent.parent / ".local" / "test"

embedded.join(fsync=False, folder=FOLDER)
_addresses = embedded.addresses(FOLDER)
if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = _addresses.database_url
    os.environ["DATABASE_OWNER_URL"] = _addresses.database_owner_url
# Also in a process that inherits it from one that asked before (pytest-xdist's workers do).
BROKER_IS_OURS = os.environ.get("REDIS_URL", "") in ("", _addresses.redis_url)
if BROKER_IS_OURS:
    os.environ["REDIS_URL"] = _addresses.redis_url
os.environ["ANCHOR_FILE"] = ""  # a test that keeps heads says where

from clinic.settings import *  # noqa: E402, F403 (after the environment is set)

# Signing in is not what most tests are about; Argon2 takes 50 ms each time, on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Else each test client begins with a look at every static file.
WHITENOISE_AUTOREFRESH = True
