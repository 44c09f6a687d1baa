"""Everything that can go wrong on the way to a running stack: a sentence, what was seen, a hint, an exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stack.docker import DockerException


PORT_TAKEN = re.compile(r"(?:\]|\d):(\d+)\b.*(?:port is already allocated|address already in use)", re.IGNORECASE)
REFUSED = re.compile(
    r"privileged|not permitted|permission denied|authorization denied|/dev/loop|no loop device|No such device|mount: ",
    re.IGNORECASE,
)


class StackError(Exception):
    """A problem told to a person: what happened, `details` seen (a line each), and a `hint` what to try."""

    exit_code = 1

    def __init__(self, sentence: str, *, details: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"error: {self.sentence}", *(f"  {line}" for line in self.details)]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class NotHealthyError(StackError):
    """The containers run, or ran, but not every service became healthy in time."""

    exit_code = 1


class NothingThereError(StackError):
    """A service has nothing that could be broken in this way: no port, no network, no health check."""


class SubjectError(StackError):
    """The directory, Compose file or `compliance.toml` named cannot be used."""

    exit_code = 3


class EngineError(StackError):
    """No Docker engine answers, or it, Compose or Buildx is missing or too old."""

    exit_code = 4


class PackageError(StackError):
    """apt-get failed, or this machine has no package mirror."""

    exit_code = 4


class ImageError(StackError):
    """An image is not here and could not be had from any of the sources allowed."""

    exit_code = 5


class PortTakenError(StackError):
    """Something else listens on a port that the stack publishes."""

    exit_code = 6


class DiskFullError(StackError):
    """There is no room left where images, containers or secrets are written."""

    exit_code = 7


class SecretsError(StackError):
    """The secrets that an earlier `invoke up` made are incomplete, damaged or open to others."""

    exit_code = 8


class NotPrivilegedError(StackError):
    """The engine allows no privileged container, or such a container not what it needs."""

    exit_code = 1


class BackupError(StackError):
    """A backup cannot be written, or the file that is to be put back is no whole one."""

    exit_code = 9


def refused_privileges(said: str) -> bool:
    """Whether an engine, or the kernel, said so."""
    return REFUSED.search(said) is not None


def no_room(where: str) -> DiskFullError:
    return DiskFullError(
        f"there is no room left on the disk: {where}",
        hint="`df -h` shows which disk is full; `docker system df` shows what Docker keeps there",
    )


def from_docker(problem: DockerException, doing: str) -> StackError:
    """Docker's own complaint as one of ours; `doing` completes 'Docker could not ...'."""
    return from_words(f"{problem.stdout or ''}\n{problem.stderr or ''}", doing)


def from_words(output: str, doing: str) -> StackError:
    """The same for what the docker command printed."""
    said, text = last_lines(output), output.lower()
    if "no space left on device" in text:
        return no_room(f"Docker could not {doing}")
    if "cannot connect to the docker daemon" in text or "error during connect" in text:
        return EngineError(
            f"the Docker engine went away: Docker could not {doing}",
            hint="`invoke engine` starts one where there is none",
        )
    if taken := PORT_TAKEN.search(text):
        return PortTakenError(
            f"port {taken[1]} is taken: Docker could not {doing}",
            details=said[-1:],
            hint=f"`ss -ltnp 'sport = :{taken[1]}'` shows who listens there",
        )
    return StackError(f"Docker could not {doing}", details=said)


def last_lines(text: str, count: int = 4) -> tuple[str, ...]:
    """The last non-empty lines of what a command said, for a message that stays short."""
    return tuple([line.strip() for line in text.splitlines() if line.strip()][-count:])
