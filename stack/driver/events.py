"""What the engine reports of a project's containers, followed as it comes."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from stack.driver import docker
from stack.driver.errors import StackError


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that the engine reported of a service's container: 'start', 'health_status: healthy', 'die: 137'."""

    at: datetime
    service: str
    action: str


@contextmanager
def follow(about: str, *actions: str, whose: str) -> Iterator[list[Event]]:
    """What the engine reports meanwhile of what passes the filter `about`, appended as it comes.

    The action of an exit is told with its code: 'die: 137'. Followed live: the engine remembers 256 events, and each
    health probe is three of them. Raises StackError where the stream broke off.
    """
    seen: list[Event] = []
    now = f"{time.time():.3f}"  # `docker events` takes a while to listen
    question = ("--format", "{{json .}}", "--filter", about, "--filter", "type=container", "--since", now)
    wanted = [word for action in actions for word in ("--filter", f"event={action}")]
    command = [*docker.UNTIL_WE_END, "docker", "events", *question, *wanted]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as events:
        reader = threading.Thread(target=_take_events, args=(events, seen.append), daemon=True)
        reader.start()
        try:
            yield seen
            if events.poll() is not None:
                raise StackError(f"the engine's event stream of {whose} broke off, so nothing is known of it")
        finally:
            events.terminate()
            reader.join()


def _take_events(events: subprocess.Popen[str], take: Callable[[Event], None]) -> None:
    for line in events.stdout or ():
        take(event_in(line))


def event_in(line: str) -> Event:
    """What one line of `docker events --format '{{json .}}'` tells of a container."""
    event = json.loads(line)
    about = event["Actor"]["Attributes"]
    exit_code = f": {about.get('exitCode')}" if event["Action"] == "die" else ""
    return Event(
        at=datetime.fromtimestamp(event["timeNano"] / 1e9, UTC),
        service=about.get("com.docker.compose.service", ""),
        action=event["Action"] + exit_code,
    )
