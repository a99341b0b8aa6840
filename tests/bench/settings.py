"""The clinic's settings on a PostgreSQL of the bench's own, with fsync on, and one more address.

Read by `python -m tests.bench`, and by the web servers that it starts (they are given DATABASE_URL).
"""

import os
from pathlib import Path

from clinic import embedded

FOLDER = Path(__file__).resolve().parents[2] / ".local" / "bench"

_addresses = embedded.addresses(FOLDER)
os.environ.setdefault("REDIS_URL", _addresses.redis_url)  # nobody starts or asks it
if not os.environ.get("DATABASE_URL"):
    embedded.join(folder=FOLDER)
    os.environ["DATABASE_URL"] = _addresses.database_url
    os.environ["DATABASE_OWNER_URL"] = _addresses.database_owner_url
os.environ["ANCHOR_FILE"] = ""
os.environ.setdefault("TRUSTED_PROXIES", "1")  # each client comes from an address of its own

from clinic.settings import *  # noqa: E402, F403 (after the environment is set)

ROOT_URLCONF = "tests.bench.urls"
