"""Make .venv and install the locked requirements into it, once per change of the locks.

Run by `make` with whatever Python it finds (`python3 -I clinic/bootstrap.py`), before anything is
installed: it imports the standard library only, and must start even under a Python that is too old.
"""

import errno
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(CHECKOUT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
# Present while packages are being installed: one that was half installed looks whole to pip.
UNFINISHED = os.path.join(VENV, "unfinished")
RUN = ("requirements.txt", "requirements-embedded.txt")
LOCKS = {"run": RUN, "dev": (*RUN, "requirements-dev.txt")}
NEEDED_MB = {"run": 400, "dev": 900}
FULL_DISK = ("No space left on device", "Disk quota exceeded")


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def refuse_old_python():
    if sys.version_info < OLDEST:
        found = "{}.{}".format(*sys.version_info)
        sys.exit(
            f"This needs Python 3.11 or newer, and {sys.executable} is {found}. Install a newer one "
            "(for example: apt-get install python3), or name one: make run PYTHON=/path/to/python3.12"
        )


def disk_is_full(kind, because):
    return (
        f"The disk that holds {CHECKOUT} is full ({because}). Free at least {NEEDED_MB[kind]} MB there "
        "and run again: what is missing is installed then."
    )


def refuse_full_disk(kind):
    free = shutil.disk_usage(CHECKOUT).free // 2**20
    if free < NEEDED_MB[kind]:
        sys.exit(disk_is_full(kind, f"{free} MB are left"))


def fingerprint(kind):
    """Changes when a lock or the virtual environment does."""
    digest = hashlib.sha256()
    for name in (os.path.join(VENV, "pyvenv.cfg"), *LOCKS[kind]):
        with open(os.path.join(CHECKOUT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def stamp(kind):
    return os.path.join(VENV, "installed-" + kind)


def is_installed(kind):
    try:
        with open(stamp(kind)) as file:
            return file.read() == fingerprint(kind)
    except OSError:
        return False


def venv_works():
    """Whether .venv runs where it stands: it cannot be moved, and breaks when its Python is removed."""
    code = "import sys, pip; print(sys.prefix, sys.version_info >= (3, 11))"
    try:
        said = subprocess.run(  # noqa: S603 (our own .venv)
            [PYTHON, "-c", code], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return False
    return said == f"{VENV} True\n" and not os.path.exists(UNFINISHED)


def run(command, kind, what):
    done = subprocess.run(  # noqa: S603 (our own commands)
        command,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    for words in FULL_DISK:
        if words in done.stdout:
            sys.exit(disk_is_full(kind, words))
    last = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-12:])
    sys.exit(f"{what} did not work. Its last words:\n{last}")


def make_venv(kind):
    if importlib.util.find_spec("ensurepip") is None:  # Debian leaves it out of python3
        sys.exit(
            f"{sys.executable} cannot make a virtual environment. Install its venv package (apt-get "
            "install python3-venv) and run again."
        )
    say(f"Making .venv with {sys.executable} ...")
    run([sys.executable, "-m", "venv", "--clear", VENV], kind, "Making .venv")


def install(kind):
    began = time.monotonic()
    if not os.path.exists(VENV):
        refuse_full_disk(kind)
    if not venv_works():
        make_venv(kind)
    refuse_full_disk(kind)
    with open(UNFINISHED, "w"):
        pass
    say("Installing {} (half a minute the first time) ...".format(", ".join(LOCKS[kind])))
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--require-hashes", "--no-deps", "--no-compile"]  # the locks name every package
    for name in LOCKS[kind]:
        command += ["-r", name]
    run(command, kind, "Installing the requirements")
    # pip would compile with one processor only. What cannot be compiled is not Python, and no matter.
    compile_all = [PYTHON, "-m", "compileall", "-qq", "-j", "0", os.path.join(VENV, "lib")]
    subprocess.run(compile_all, check=False)  # noqa: S603 (our own .venv)
    with open(stamp(kind), "w") as file:
        file.write(fingerprint(kind))
    os.remove(UNFINISHED)
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def main(kind):
    refuse_old_python()
    try:
        checkout = os.open(CHECKOUT, os.O_RDONLY)
        fcntl.flock(checkout, fcntl.LOCK_EX)  # `make run` and `make test` at once: one installs
        if not (venv_works() and (is_installed("dev") or is_installed(kind))):
            install(kind)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(disk_is_full(kind, error.strerror))
        sys.exit(f"{error.filename or VENV} cannot be used: {error.strerror or error}.")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "run")
    except KeyboardInterrupt:
        sys.exit(130)
