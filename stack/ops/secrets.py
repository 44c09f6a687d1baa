"""The credentials of the shipped stack: made once, in files that only their readers can read, checked at each use."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from stack.driver.errors import SecretsError, no_room

ACL_FILE = "redis-users.acl"


@dataclass(frozen=True, kw_only=True)
class Login:
    """A Redis user: what it may do (ACL rules), and who on this machine reads its password."""

    name: str
    rules: str
    reader: str | None  # the service whose container gets the password; None for the checks alone

    @property
    def file(self) -> str:
        return f"redis-{self.name}-password"


# Least privilege. The service stores items with one command per change, so that the append-only file never holds a
# transaction that a torn tail could poison; a probe needs PING alone; the checks read, and write under a prefix.
LOGINS = (
    Login(name="app", rules="~item:* -@all +set +get +ping", reader="api"),
    Login(name="health", rules="resetkeys -@all +ping", reader="redis"),
    Login(
        name="auditor",
        rules="~audit:* -@all +ping +set +get +del +waitaof +bgrewriteaof +info +command +config|get"
        " +acl|list +acl|log +acl|dryrun +client|list",
        reader=None,
    ),
)


def ensure(directory: Path, owners: Mapping[str, int]) -> None:
    """Make the secrets in `directory` if there are none; otherwise raise SecretsError unless they are whole.

    `owners` gives the uid that reads the files of a service: {"api": 10001, "redis": 999}.
    """
    if directory.exists():
        refuse_damaged(directory)
        return
    try:
        with tempfile.TemporaryDirectory(prefix=".secrets-", dir=directory.parent) as unfinished:
            made = Path(unfinished) / directory.name
            made.mkdir(mode=0o700)
            _make(made, owners)
            made.rename(directory)
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise no_room(f"secrets could not be written to {directory}") from problem
        raise SecretsError(f"secrets could not be written to {directory}: {problem.strerror}") from problem


def refuse_damaged(directory: Path) -> None:
    """Raises SecretsError for a file that is missing, empty, readable by others, or at odds with the ACL file."""
    acl = _read(directory / ACL_FILE)
    passwords = {login.name: _read(directory / login.file) for login in LOGINS}
    for found, wanted in zip_longest(acl.splitlines(), users_acl(passwords).splitlines(), fillvalue=""):
        if found != wanted:
            user = " ".join((wanted or found).split()[:2])
            raise _damaged(directory, f"{ACL_FILE} says something else of `{user}` than this version writes")


def users_acl(passwords: Mapping[str, str]) -> str:
    """The ACL file: user `default` off, then a line each; without comments, which Redis before 8.8 refuses."""
    default = "user default off resetpass resetkeys resetchannels -@all"
    logins = [f"user {login.name} on #{_digest(passwords[login.name])} resetchannels {login.rules}" for login in LOGINS]
    return "\n".join([default, *logins]) + "\n"


def _make(directory: Path, owners: Mapping[str, int]) -> None:
    passwords = {login.name: secrets.token_urlsafe(32) for login in LOGINS}
    _write(directory / ACL_FILE, users_acl(passwords), owners["redis"])
    for login in LOGINS:
        _write(directory / login.file, passwords[login.name], owners[login.reader] if login.reader else os.geteuid())


def _write(path: Path, text: str, owner: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if owner != os.geteuid():
        os.chown(path, owner, owner)


def _read(path: Path) -> str:
    try:
        text = path.read_text()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as problem:
        raise _damaged(path.parent, f"{path.name} cannot be read: {type(problem).__name__}") from problem
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _damaged(path.parent, f"{path.name} is open to others (mode {stat.S_IMODE(mode):04o}, not 0400)")
    if not text.strip():
        raise _damaged(path.parent, f"{path.name} is empty")
    return text


def _damaged(directory: Path, seen: str) -> SecretsError:
    return SecretsError(
        f"the secrets in {directory} are damaged",
        details=(seen,),
        hint="`invoke down`, remove that folder, `invoke up`: new ones are made, the data is kept",
    )


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
