"""Charts and totals as Prometheus reads them (text format 0.0.4)."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from stack.healer.state import State, Totals

KINDS = ("unhealthy", "patience")  # why containers are restarted: few words, for they become series
HELD_BACK = ("back-off", "budget", "dependency", "others", "recovering", "starved")  # and why they are not, as yet
HEALER = "as counted by the healer and kept in its volume"
Sample = tuple[Mapping[str, str], float]


def exposition(states: Iterable[State], totals: Totals, now: float, restarts_left: float) -> str:
    """Write all of it out; `now` is of the clock that the states are kept in."""
    states = list(states)
    return "".join(
        (
            _family(
                "healer_restarts_total", "counter",
                f"Restarts that the engine was asked for, {HEALER}: for being unhealthy, or because patience with "
                "a dependency, or with a machine that starves, was over.", _restarts(totals),
            ),
            _family(
                "healer_unhealthy_seconds_total", "counter",
                f"Seconds from Docker's verdict unhealthy to healthy again or to a stop by hand, {HEALER}.",
                _unhealthy(states, totals, now),
            ),
            _family(
                "healer_waiting", "gauge",
                "Containers whose restart the healer holds back now, for whatever reason.",
                _waiting(states, totals),
            ),
            _family(
                "healer_held_back", "gauge",
                "The same by reason: back-off; the stack's budget of restarts is used up; a dependency that is down or "
                "suspect; somebody else (others) is stopping it; it may be recovering; its probes were only late, on a "
                "machine that starves for CPU (starved).", _held_back(states, totals),
            ),
            _family(
                "healer_budget_restarts", "gauge",
                "Restarts that the stack's budget still allows at once; below 1 none is done.",
                [({}, math.floor(restarts_left * 10) / 10)],
            ),
            _family(
                "healer_last_event_timestamp_seconds", "gauge",
                "When the engine last told the healer of an event in this project.", _moment(totals.last_event_at),
            ),
            _family(
                "healer_last_look_timestamp_seconds", "gauge",
                "When the healer last looked at all containers of this project, which it does every 15 s.",
                _moment(totals.last_look_at),
            ),
        )
    )  # fmt: skip


def _restarts(totals: Totals) -> Iterator[Sample]:
    for service, counted in sorted(totals.restarts.items()):
        for kind in KINDS:
            yield {"service": service, "reason": kind}, counted.get(kind, 0)


def _unhealthy(states: list[State], totals: Totals, now: float) -> Iterator[Sample]:
    seconds = dict(totals.unhealthy_seconds)
    for state in states:
        if state.sick_from is not None:
            seconds[state.service] = seconds.get(state.service, 0.0) + max(now - state.sick_from, 0.0)
    for service, total in sorted(seconds.items()):
        yield {"service": service}, round(total, 3)


def _waiting(states: list[State], totals: Totals) -> Iterator[Sample]:
    for service in sorted(totals.unhealthy_seconds):
        yield {"service": service}, sum(1 for state in states if state.service == service and state.waiting)


def _held_back(states: list[State], totals: Totals) -> Iterator[Sample]:
    counted = Counter((state.service, state.held_back) for state in states if state.waiting)
    for service in sorted(totals.unhealthy_seconds):
        for kind in HELD_BACK:
            yield {"service": service, "reason": kind}, counted[service, kind]


def _moment(at: float | None) -> Iterator[Sample]:
    if at is not None:
        yield {}, round(at, 3)


def _family(name: str, kind: str, told: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {told}\n", f"# TYPE {name} {kind}\n"]
    return "".join((*lines, *(f"{name}{_labels(labels)} {value}\n" for labels, value in samples)))


def _labels(labels: Mapping[str, str]) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
