"""How the stacks of a run start: one tries first; what keeps it from coming up is found once, and told to all."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.driver.errors import BuildError, EngineError, ImageError, NotHealthyError, StackError
from stack.driver.flock import locked
from stack.driver.project import Config, seconds_in
from stack.driver.runners.protocol import UP_SECONDS

CAME_UP, CAUSE = "came-up", "cause.json"
PROBE_SECONDS, RETRIES = 30.0, 3  # interval and timeout, where a health check does not say


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why the stack does not come up: what is needed, what became of it, whether it is the project's own doing."""

    needs: str
    why: str
    own: bool
    details: tuple[str, ...] = ()

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
        self._folder.mkdir(exist_ok=True)

    def cause(self) -> Cause | None:
        """Why the first start came to nothing; None where it did not, or none was tried."""
        file = self._folder / CAUSE
        if not file.is_file():
            return None
        told = json.loads(file.read_text())
        return Cause(**{**told, "details": tuple(told["details"])})

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Start a stack of the project as it is meanwhile; nobody else does until one has come up.

        Raises DidNotStartError where the first did not, at once or at the end.
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
                (self._folder / CAUSE).write_text(json.dumps(asdict(found)))
                raise DidNotStartError(found) from problem
            came_up.touch()


def cause_of(problem: StackError) -> Cause:
    """What a start that came to nothing lacked."""
    own = isinstance(problem, BuildError) or type(problem) is StackError
    why = "; ".join([problem.sentence, *(" ".join(line.split()) for line in problem.details)])
    match problem:
        case NotHealthyError(root=root) if root:
            return Cause(needs=f"`{root}` running", why=problem.why, own=True, details=problem.details)
        case EngineError():
            return Cause(needs="an engine", why=problem.in_a_line, own=False)
        case ImageError() | BuildError():
            return Cause(needs="every image", why=why, own=own)
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
