"""Why a container is not well, as far as `docker inspect` and its log know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.driver import docker
from stack.driver.errors import StackError, last_lines

SERVICE, NUMBER = "com.docker.compose.service", "com.docker.compose.container-number"
# What the engine and shells say of a program that is not there, and with which exit code.
NOT_THERE = re.compile(r"executable file not found|no such file or directory|(?:: |command )not found", re.IGNORECASE)
CANNOT_RUN = {-1, 126, 127}
RUNTIME = re.compile(r".*unable to start container process: |: unknown$")  # what the container runtime puts around it
SAID_LAST = "its health check said last: "
LONGEST_WORDS = 300  # characters of what a container or a health check said last


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A container that is not well. `hopeless` is one whose health check cannot pass: its program is not there."""

    service: str
    replica: int
    state: str
    words: str
    hopeless: bool = False

    @property
    def name(self) -> str:
        """As people call it: the first replica by its service alone."""
        return self.service if self.replica == 1 else f"{self.service} ({self.replica})"

    @property
    def why(self) -> str:
        """In a sentence that goes on from 'needs `web` running: '."""
        if self.hopeless:
            return f"its health check cannot pass: {self.words.removeprefix(SAID_LAST)}"
        return f"{self._became}: {self.words}".removesuffix(": ")

    @property
    def _became(self) -> str:
        if self.state.startswith("running, "):
            return "it never got healthy"
        if self.state == "created":
            return "it never ran"
        return f"it {self.state}" if self.state.startswith("exited") else f"it is {self.state}"

    def __str__(self) -> str:
        return f"{self.name}: {self.state}: {self.words}".removesuffix(": ")


def diagnoses(project: str) -> list[Diagnosis]:
    """Of every container of a Compose project that is not well, those that were never started last."""
    ids = docker.ask("ps", "--all", "--quiet", *docker.of_project(project)).split()
    inspected = json.loads(docker.ask("inspect", *ids)) if ids else []
    of_services = [one for one in inspected if SERVICE in (one["Config"].get("Labels") or {})]
    found = [diagnosis for one in of_services if (diagnosis := diagnose(one))]
    return sorted(found, key=lambda one: (one.state == "created" and not one.words, one.service, one.replica))


def diagnose(inspected: Mapping[str, Any]) -> Diagnosis | None:
    """What ails one container; None where it is well, or was to end and has ended well."""
    state, labels = inspected["State"], inspected["Config"]["Labels"]
    health = (state.get("Health") or {}).get("Status") or ""
    ended = state["Status"] == "exited" and state["ExitCode"] == 0 and _stays_ended(inspected)
    if ended or (state["Status"] == "running" and health in {"", "none", "healthy"}):
        return None
    probe = last_probe(state)
    words = _told(probe) if probe and state["Status"] == "running" else state.get("Error") or _last_line(inspected)
    return Diagnosis(
        service=labels[SERVICE],
        replica=int(labels.get(NUMBER, 1)),
        state=_in_words(state, health),
        words=" ".join(RUNTIME.sub("", words).split())[:LONGEST_WORDS],
        hopeless=health != "" and cannot_pass(state),
    )


def cannot_pass(state: Mapping[str, Any]) -> bool:
    """Whether the last probe of a container found no program to run, and Docker has counted that."""
    probe, counted = last_probe(state), (state.get("Health") or {}).get("FailingStreak", 0) > 0
    return bool(probe and counted and probe["ExitCode"] in CANNOT_RUN and NOT_THERE.search(probe["Output"]))


def last_probe(state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The last entry of State.Health.Log."""
    log = (state.get("Health") or {}).get("Log") or []
    last: Mapping[str, Any] | None = log[-1] if log else None
    return last


def root_of(found: Iterable[Diagnosis], depends_on: Mapping[str, Iterable[str]]) -> Diagnosis | None:
    """The first that does not depend on another of them: what keeps the others from being well."""
    ill = list(found)
    names = {one.service for one in ill}
    return next((one for one in ill if not names & set(depends_on.get(one.service, ()))), ill[0] if ill else None)


def _stays_ended(inspected: Mapping[str, Any]) -> bool:
    policy = (inspected.get("HostConfig") or {}).get("RestartPolicy") or {}
    return policy.get("Name", "") in {"", "no", "on-failure"}


def _in_words(state: Mapping[str, Any], health: str) -> str:
    if state["Status"] in {"exited", "restarting"}:
        memory = ", out of memory" if state.get("OOMKilled") else ""
        return f"{state['Status']} (exit code {state['ExitCode']}{memory})"  # as `docker ps` has it
    return f"{state['Status']}, {health}" if health and state["Status"] == "running" else str(state["Status"])


def _told(probe: Mapping[str, Any]) -> str:
    said = " ".join(RUNTIME.sub("", probe["Output"].strip()).split()) or "nothing"
    return f"{SAID_LAST}{said[:LONGEST_WORDS]} (exit code {probe['ExitCode']})"


def _last_line(inspected: Mapping[str, Any]) -> str:
    if inspected["State"]["Status"] == "created":
        return ""
    try:
        said = docker.ask_all("logs", "--tail", "5", inspected["Id"])
    except StackError as problem:
        return problem.sentence
    return next(iter(last_lines(said, 1)), "")
