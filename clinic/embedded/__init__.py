"""The embedded PostgreSQL and Valkey: started for whoever needs them, stopped when nobody does.

    embedded.addresses()   where they are (or would be); starts nothing
    embedded.join()        start them, or join those who have; hold them until this process ends

Each server has a keeper (keeper.py): a small process that owns it and stops it when the last holder
of its lock has ended, however it ended. Only the standard library and the two wheels of
requirements-embedded.txt are needed here, never Django: settings.py imports this module.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from clinic.embedded import locks, postgres, valkey
from clinic.embedded.places import EmbeddedError, Place, find_place, make_place

__all__ = ["Addresses", "EmbeddedError", "addresses", "join", "leave"]

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Addresses:
    """The URLs that settings.py would otherwise read from the environment."""

    database_url: str
    database_owner_url: str
    redis_url: str


def _place(folder: Path | None) -> Place:
    return find_place(folder or CHECKOUT / ".local")


def addresses(folder: Path | None = None) -> Addresses:
    """The URLs of the servers whose data is in `folder` (default: this checkout's .local)."""
    place = _place(folder)
    host = quote(str(place.sockets), safe="/")
    return Addresses(
        database_url=f"postgresql://clinic_app@:5432/clinic?host={host}",
        database_owner_url=f"postgresql://clinic_owner@:5432/clinic?host={host}",
        redis_url=f"redis+socket://{quote(str(valkey.socket(place)), safe='/')}",
    )


def join(*, fsync: bool = True, folder: Path | None = None) -> None:
    """Start the servers that the environment names no other for, or join those who have started them.

    They are held until this process and all its forks have ended. `fsync=False` is for tests: faster,
    and not safe from a power cut. Raises EmbeddedError with a sentence that says what to do.
    """
    wanted = []
    if not os.environ.get("DATABASE_URL"):
        wanted.append(postgres.server)
    if not os.environ.get("REDIS_URL"):
        wanted.append(valkey.server)
    if not wanted:
        return
    place = _place(folder)
    try:
        make_place(place)
        for server in wanted:
            locks.hold(place, server(place, fsync=fsync))
    except OSError as error:
        raise EmbeddedError.from_os(error, place.folder) from error


def leave() -> bool:
    """Let go of the servers. True once they have stopped, False when others still use them."""
    stopped = [locks.let_go(server) for server in locks.held()]
    return all(stopped)
