"""What may be asked of the filter: a few calls, each read from a request that is written as the healers write theirs.

Whatever else is in a request ends it. Nothing of it is handed on: what was understood is asked of the engine anew.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from stack.healer.event_watch import EVENTS
from stack.healer.identity import PROJECT, SERVICE
from stack.healer.main_process import COLUMNS

LONGEST = 4096  # bytes of a request; the healers' longest is a tenth of it
# All of it, and nothing after it: no other header, no body, no second request, in paths neither dots nor escapes.
WRITTEN = re.compile(
    rb"(GET|POST) (/[A-Za-z0-9_/]{1,200})(?:\?([A-Za-z0-9%&=+._~-]{1,3000}))? HTTP/1\.0\r\n"
    rb"Host: engine\r\nContent-Length: 0\r\n\r\n"
)
CONTAINER = re.compile(r"/containers/([0-9a-f]{12,64})/(json|top|restart|start)")
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}")
SECONDS = re.compile(r"[0-9]{1,3}")
METHODS = {"json": "GET", "top": "GET", "restart": "POST", "start": "POST"}

Query = dict[str, str]


class RefusedError(Exception):
    """The filter does not ask that of the engine."""


@dataclass(frozen=True, kw_only=True)
class Containers:
    """The project's containers: all, those of one service, or the unhealthy ones."""

    stopped: bool
    service: str = ""
    unhealthy: bool = False


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """What a healer reads of one container."""

    container: str


@dataclass(frozen=True, kw_only=True)
class Top:
    """What its processes are doing."""

    container: str


@dataclass(frozen=True, kw_only=True)
class Restart:
    """End it within some seconds, and start it."""

    container: str
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Start:
    """Start what is down."""

    container: str


@dataclass(frozen=True, kw_only=True)
class Events:
    """Follow what happens to the project's containers."""


Question = Containers | Inspect | Top | Restart | Start
Call = Question | Events


def understood(request: bytes, project: str) -> Call:
    """Read a whole request of a healer of this project; raises RefusedError for anything else."""
    written = WRITTEN.fullmatch(request)
    if not written:
        raise RefusedError("it is not written as a healer writes")
    method, path = written[1].decode(), written[2].decode()
    query = _query((written[3] or b"").decode())
    if method == "GET" and path in WHOLE:
        return WHOLE[path](query, project)
    one = CONTAINER.fullmatch(path)
    if one and METHODS[one[2]] == method:
        return _of_one(one[1], one[2], query)
    raise RefusedError("a healer has no need of it")


def _query(text: str) -> Query:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=2, errors="strict")
    except ValueError as error:
        raise RefusedError("its query is not understood") from error
    if len(dict(pairs)) != len(pairs):
        raise RefusedError("it says one thing twice")
    return dict(pairs)


def _of_one(container: str, what: str, query: Query) -> Call:
    match what, query:
        case "json", _ if not query:
            return Inspect(container=container)
        case "start", _ if not query:
            return Start(container=container)
        case "top", _ if query == {"ps_args": COLUMNS}:
            return Top(container=container)
        case "restart", {"t": seconds} if len(query) == 1 and SECONDS.fullmatch(seconds):
            return Restart(container=container, seconds=int(seconds))
    raise RefusedError("it wants more of a container than a healer does")


def _containers(query: Query, project: str) -> Containers:
    if set(query) != {"all", "filters"} or query["all"] not in ("0", "1"):
        raise RefusedError("it lists containers in another way than a healer")
    filters = _filters(query["filters"], project)
    health = filters.pop("health", [])
    services = filters.pop("service")
    if filters or health not in ([], ["unhealthy"]) or len(services) > 1:
        raise RefusedError("it looks for other containers than a healer")
    return Containers(stopped=query["all"] == "1", service="".join(services), unhealthy=bool(health))


def _events(query: Query, project: str) -> Events:
    if set(query) != {"filters"}:
        raise RefusedError("it follows events in another way than a healer")
    if _filters(query["filters"], project) != {"type": ["container"], "event": EVENTS, "service": []}:
        raise RefusedError("it follows other events than a healer")
    return Events()


def _filters(text: str, project: str) -> dict[str, list[str]]:
    """Filters of the engine, with the labels' own project taken for granted and their services by name."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedError("its filters are not understood") from error
    if not isinstance(told, dict) or not all(isinstance(words, list) for words in told.values()) or "service" in told:
        raise RefusedError("its filters are not understood")
    labels = told.pop("label", [])
    return {**told, "service": [_service(label) for label in labels if label != f"{PROJECT}={project}"]}


def _service(label: object) -> str:
    key, _, name = label.partition("=") if isinstance(label, str) else ("", "", "")
    if key != SERVICE or not NAME.fullmatch(name):
        raise RefusedError("it looks for a label that is not this project's")
    return name


WHOLE: dict[str, Callable[[Query, str], Call]] = {"/containers/json": _containers, "/events": _events}
