"""How the stacks of a run start: one tries first; what keeps it from coming up is found once, and told to all."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from checks.core.codec import as_data, read_as
from stack.driver.errors import BuildError, EngineError, ImageError, NotHealthyError, StackError
from stack.driver.flock import locked
from stack.driver.project import Config, seconds_in
from stack.driver.runners.protocol import UP_SECONDS

CAME_UP, CAUSE, ALONE = "came-up", "cause.json", "alone"
PROBE_SECONDS, RETRIES = 30.0, 3  # interval and timeout, where a health check does not say


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A stack that did not come up whole, and stands as it does for the rest of the run.

    `away` is {service: why it cannot be asked}; those in `ill` answer although Docker does not find them healthy.
    """

    project: str
    overrides: tuple[str, ...]
    away: Mapping[str, str]
    ill: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why the stack does not come up: what is needed, what became of it, whether it is the project's own doing.

    `service` is the one that keeps the others from it, '' where that is none; `kept` what did come up. Where it is
    `for_good`, more time would not have helped.
    """

    needs: str
    why: str
    own: bool
    details: tuple[str, ...] = ()
    service: str = ""
    for_good: bool = False
    kept: Kept | None = None

    def __str__(self) -> str:
        return f"needs {self.needs}: {self.why}"


class DidNotStartError(StackError):
    """The stack of this run did not come up, and is not started again."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(str(cause), details=cause.details)
        self.cause = cause


class Starts:
    """What is known of the starts of a run, in a folder that its workers share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "starts"
        (self._folder / ALONE).mkdir(parents=True, exist_ok=True)

    def cause(self) -> Cause | None:
        """Why the first start came to nothing; None where it did not, or none was tried."""
        file = self._folder / CAUSE
        if not file.is_file():
            return None
        return read_as(Cause, file.read_text())

    @contextmanager
    def tried(self, keep: Callable[[Cause], Kept | None] = lambda _: None) -> Iterator[None]:
        """Start a stack of the project as it is meanwhile; nobody else does until one has come up.

        Raises DidNotStartError where the first did not, at once or at the end: then `keep` may keep what did come up.
        """
        came_up = self._folder / CAME_UP
        with ExitStack() as held:
            if not came_up.exists():
                held.enter_context(locked(self._folder, fcntl.LOCK_EX))
            if known := self.cause():
                raise DidNotStartError(known)
            try:
                yield
            except StackError as problem:
                if came_up.exists():  # it can: this time something else was the matter
                    raise
                found = cause_of(problem)
                found = replace(found, kept=keep(found))
                self._write(found)
                raise DidNotStartError(found) from problem
            came_up.touch()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else asks what was kept meanwhile: of that there is one, and a check would see what another does."""
        with locked(self._folder / ALONE, fcntl.LOCK_EX):
            yield

    def _write(self, cause: Cause) -> None:
        """At once, for who reads it meanwhile."""
        file = self._folder / f".{CAUSE}"
        file.write_text(json.dumps(as_data(cause)))
        file.rename(self._folder / CAUSE)


def cause_of(problem: StackError) -> Cause:
    """What a start that came to nothing lacked."""
    own = isinstance(problem, BuildError) or type(problem) is StackError
    why = "; ".join([problem.sentence, *(" ".join(line.split()) for line in problem.details)])
    match problem:
        case NotHealthyError(root=root, for_good=for_good) if root:
            needs, details = f"`{root}` running", problem.details
            return Cause(needs=needs, why=problem.why, own=True, details=details, service=root, for_good=for_good)
        case EngineError():
            return Cause(needs="an engine", why=problem.in_a_line, own=False)
        case ImageError(service=service):
            return Cause(needs="every image", why=why, own=own, service=service, for_good=own)
    return Cause(needs="the stack running", why=why, own=own)


def budget(config: Config, told: float | None = None) -> float:
    """Seconds that a start may take: as the profile says, else 120, or what health checks declare if that is longer.

    A service can be found healthy until its start period is over and its retries are used up, and those that depend on
    it begin then.
    """
    return (
        told
        if told is not None
        else max([UP_SECONDS, *(_until_known(config, name, ()) for name in config["services"])])
    )


def _until_known(config: Config, service: str, after: tuple[str, ...]) -> float:
    spec = config["services"][service]
    needed = [name for name in spec.get("depends_on") or () if name in config["services"] and name not in after]
    return _declared(spec.get("healthcheck") or {}) + max(
        (_until_known(config, name, (*after, service)) for name in needed), default=0.0
    )


def _declared(check: Config) -> float:
    if not check or check.get("disable"):
        return 0.0
    interval, timeout = (
        seconds_in(check[name]) if name in check else PROBE_SECONDS for name in ("interval", "timeout")
    )
    return seconds_in(check.get("start_period", "0s")) + (interval + timeout) * int(check.get("retries", RETRIES))
