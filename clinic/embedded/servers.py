"""What both embedded servers have in common: a program to find, and a way to be run and explained."""

import importlib.util
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clinic.embedded.keeper import Server
from clinic.embedded.places import EmbeddedError, Place, reachable_by_all


@dataclass(frozen=True)
class Embedded:
    """A server as the keeper runs it, what must be there before, and what its failure means."""

    title: str
    server: Server
    prepare: Callable[[], None]
    explain: Callable[[str], EmbeddedError]


def make_server(
    place: Place,
    *,
    name: str,
    command: list[str],
    socket: Path,
    hello: bytes,
    answer: bytes,
    stop_signal: int,
) -> Server:
    """A server of this place, with its log and locks where everybody looks for them."""
    return Server(
        name=name,
        command=tuple(command),
        socket=str(socket),
        hello=hello.hex(),
        answer=answer.hex(),
        stop_signal=int(stop_signal),
        log=str(place.folder / "log" / f"{name}.log"),
        used=str(place.folder / f"{name}.used"),
        kept=str(place.folder / f"{name}.kept"),
        uid=place.user.pw_uid if place.user else None,
        gid=place.user.pw_gid if place.user else None,
    )


def wheel_folder(package: str) -> Path | None:
    """Where a wheel's files are, without importing it (its import runs code that we do not want)."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))


def within_reach(place: Place, folder: Path, *, beside: str | None = None) -> Path:
    """`folder`, or a copy of it that the servers' user can reach; `beside`: a sibling it needs."""
    if place.user is None or reachable_by_all(folder / "any"):
        return folder
    stamp = f"{folder.name}-{int(folder.stat().st_mtime)}"
    copies = place.folder / "programs" / stamp
    if not copies.exists():
        new = copies.with_name(f"{stamp}.new")
        shutil.rmtree(new, ignore_errors=True)
        for source in filter(None, (folder, folder.parent / beside if beside else None)):
            shutil.copytree(source, new / source.name, symlinks=True)
        for part in (copies.parent, new):
            part.chmod(0o755)
        new.rename(copies)
    return copies / folder.name


def this_machine() -> tuple[str, str]:
    """(linux or darwin, x86_64 or aarch64 or arm64), as the wheels name them."""
    return platform.system().lower(), {"amd64": "x86_64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )


def is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
