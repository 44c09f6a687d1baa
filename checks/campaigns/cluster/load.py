"""Load on the api, from a container in the stack's own network, while something happens to the stack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.campaigns.cluster.agents import load as agent
from stack.driver import docker, wait
from stack.driver.errors import StackError

AGENT = Path(agent.__file__).read_text()
NAME = "load"
STARTED_SECONDS = 30.0
READ_SECONDS = agent.READ_SECONDS + 60.0


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What the clients saw; `lost` of what was acknowledged; `longest_gap` is the longest time without an answer."""

    requests: int
    failed: int
    reasons: Mapping[str, int]
    tasks: Mapping[str, int]
    longest_gap: float
    seconds: float
    acknowledged: int
    lost: int


class Load:
    """Clients at work; `tally` waits for their end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def tally(self) -> Tally:
        """Raises StackError where they ended in trouble of their own."""
        ended = wait.until(_state, lambda state: state in {"complete", "failed"}, within=self._seconds + READ_SECONDS)
        said = docker.ask("service", "logs", "--raw", NAME)
        if ended.value != "complete":
            raise StackError(f"the clients are {ended.value or 'nowhere'}", details=tuple(said.splitlines()[-3:]))
        return Tally(**json.loads(said.splitlines()[-1]))


@contextmanager
def on(stack: str, image: str, node: str, seconds: float) -> Iterator[Load]:
    """Clients of the tasks of `stack`'s api, on a node that stays; they are at work when this is entered."""
    docker.ask(
        "service", "create", "--detach", "--quiet", "--no-resolve-image", "--name", NAME, "--endpoint-mode", "dnsrr",
        "--restart-condition", "none", "--network", f"{stack}_monitoring", "--constraint", f"node.hostname=={node}",
        image, "python3", "-I", "-S", "-c", AGENT, "tasks.api", "5000", str(seconds),
    )  # fmt: skip
    try:
        if not wait.until(_state, lambda state: state == "running", within=STARTED_SECONDS).reached:
            raise StackError("the clients did not start")
        yield Load(seconds)
    finally:
        docker.ask("service", "rm", NAME)


def _state() -> str:
    return docker.ask("service", "ps", "--format", "{{.CurrentState}}", NAME).partition(" ")[0].strip().lower()
