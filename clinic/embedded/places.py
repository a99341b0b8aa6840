"""Where the embedded servers keep their files, and as which user they run."""

import errno
import hashlib
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
# A unix socket's path holds 107 characters, of which PostgreSQL's file name takes 14 and its lock 5 more;
# and a comma or quote in it would have to be written in four ways, for the server, libpq and two URLs.
PLAIN_SOCKET_FOLDER = re.compile(r"[A-Za-z0-9/._@+ -]{1,85}")
INSTEAD = "Or set DATABASE_URL and REDIS_URL to servers of your own."


class EmbeddedError(Exception):
    """The embedded servers cannot run; the message is one plain sentence that says what to do."""

    @classmethod
    def full_disk(cls, folder: Path) -> "EmbeddedError":
        return cls(f"The disk that holds {folder} is full. Free some 300 MB there and run again.")

    @classmethod
    def from_os(cls, error: OSError, folder: Path) -> "EmbeddedError":
        """What an operating system's refusal means for somebody who ran a command."""
        if error.errno in FULL_DISK:
            return cls.full_disk(folder)
        if isinstance(error, PermissionError):
            return cls(
                f"{error.filename or folder} belongs to another user of this machine. "
                f"Run as that user, or delete {folder} (the demo data is lost)."
            )
        return cls(f"{folder} cannot be used ({error.strerror or error}). {INSTEAD}")


@dataclass(frozen=True)
class Place:
    """One folder of data, the folder of its sockets, and who the servers run as (None: as us)."""

    folder: Path
    sockets: Path
    user: pwd.struct_passwd | None

    def may_own(self, path: Path, *, mode: int = 0o700) -> Path:
        """A folder that the servers may write in, and nobody else."""
        path.mkdir(exist_ok=True)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        if path.stat().st_uid == os.geteuid() or self.user:
            path.chmod(mode)
        return path


def reachable_by_all(path: Path) -> bool:
    """Whether a user without rights of its own could reach `path`: each folder above it lets all pass."""
    return all(above.stat().st_mode & stat.S_IXOTH for above in path.parents if above.exists())


def _server_user(folder: Path) -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as the owner of its data, else as nobody."""
    if os.geteuid() != 0:
        return None
    data = folder / "postgres"
    try:
        owner = data.stat().st_uid if data.exists() else 0
        return pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        return None  # make_place says so; this function must not fail, settings.py calls it


def _token(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def find_place(folder: Path) -> Place:
    """The place for `folder`, looking only. Root's private folders cannot be reached by the servers'
    user, so their data stands under /var/lib; a long or odd path's sockets stand under /tmp."""
    folder = folder.absolute()
    if os.geteuid() == 0 and not reachable_by_all(folder):
        folder = Path("/var/lib/clinic-embedded") / _token(folder)
    sockets = folder / "run"
    if not PLAIN_SOCKET_FOLDER.fullmatch(str(sockets)):
        sockets = Path(f"/tmp/clinic-{os.geteuid()}-{_token(folder)}")  # noqa: S108 (owner checked)
    return Place(folder, sockets, _server_user(folder))


def _make_passable(place: Place, folder: Path) -> None:
    """Make a folder, and those above it, so that the servers' user can pass but not list."""
    if not folder.exists():
        _make_passable(place, folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711 if place.user else 0o700)


def make_place(place: Place) -> None:
    """Make the folders of a place; refuse one that another user made."""
    try:
        me = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise EmbeddedError(
            f"This user (uid {os.geteuid()}) has no name on this machine, which PostgreSQL needs. "
            f"Run as a named user. {INSTEAD}"
        ) from None
    if me.pw_uid == 0 and place.user is None:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this machine has no user 'nobody' that it could "
            f"run as instead. Run as an ordinary user. {INSTEAD}"
        )
    _make_passable(place, place.folder)
    owners = {os.geteuid(), place.user.pw_uid if place.user else os.geteuid()}
    for path in (place.folder, place.sockets):
        if path.is_symlink() or (path.exists() and not owners & {path.stat().st_uid}):
            raise EmbeddedError(
                f"{path} belongs to another user of this machine. Run as that user, or delete it "
                "(its demo data is lost)."
            )
    place.may_own(place.sockets)
    (place.folder / "log").mkdir(exist_ok=True)
