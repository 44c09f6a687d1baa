"""Everything that can go wrong on the way to a running stack: a sentence, what was seen, a hint, an exit code."""

from __future__ import annotations

import re

STEERING = re.compile(  # sequences that steer a terminal, controls, and what turns the order of letters
    "\x1b\\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


class StackError(Exception):
    """A problem told to a person: what happened, `details` seen (a line each), and a `hint` what to try."""

    exit_code = 1

    def __init__(self, sentence: str, *, details: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details
        self.hint = hint

    @property
    def in_a_line(self) -> str:
        """The same where there is one line for it."""
        told = "; ".join([self.sentence, *(" ".join(line.split()) for line in self.details)])
        return f"{told} ({self.hint})" if self.hint else told

    def __str__(self) -> str:
        lines = [f"error: {self.sentence}", *(f"  {line}" for line in self.details)]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class OutOfTimeError(StackError):
    """A limit of our own ran out: on a machine that starved this says nothing of what was waited for."""


class NotHealthyError(OutOfTimeError):
    """The containers run, or ran, but not every service became healthy in time.

    `root` is the service that keeps the others from it, and `why` what is known of that. Where they are not `for_good`,
    more time might have helped.
    """

    exit_code = 1

    def __init__(
        self,
        sentence: str,
        *,
        details: tuple[str, ...] = (),
        hint: str = "",
        root: str = "",
        why: str = "",
        for_good: bool = False,
    ) -> None:
        super().__init__(sentence, details=details, hint=hint)
        self.root = root
        self.why = why
        self.for_good = for_good


class AwayError(StackError):
    """A service that is asked for is the one that did not come up, or waits for it."""


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
    """An image is not here and could not be had from any source allowed; `service` is whose, where that is known."""

    exit_code = 5

    def __init__(self, sentence: str, *, details: tuple[str, ...] = (), hint: str = "", service: str = "") -> None:
        super().__init__(sentence, details=details, hint=hint)
        self.service = service


class BuildError(ImageError):
    """The image of a service cannot be built, for a reason of the project's own."""

    exit_code = 1


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


def no_room(where: str) -> DiskFullError:
    return DiskFullError(
        f"there is no room left on the disk: {where}",
        hint="`df -h` shows which disk is full; `docker system df` shows what Docker keeps there",
    )


def last_lines(text: str, count: int = 4) -> tuple[str, ...]:
    """The last non-empty lines of what a command said, for a message that stays short."""
    lines = [line.strip() for line in STEERING.sub("", text).splitlines()]
    return tuple([line for line in lines if line][-count:])
