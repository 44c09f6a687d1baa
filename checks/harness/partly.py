"""A stack of which not all came up, so that what needs no more is judged; or not all is to, as no more is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from checks.roles.answers import answers
from checks.subject import workspace
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.stack import Stack
from checks.subject.start import Cause, Kept, budget
from stack.driver.diagnosis import Diagnosis, diagnoses
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject, replicas_of
from stack.driver.runners.partly import PartlyRunner, needs, start_others
from stack.driver.session import Session

NOT_NEEDED = "it is not started where it is not needed"
SHARE_OF_BUDGET = 0.5  # of what a start may take, for those that can still start


def kept(stack: Stack, cause: Cause, run: Session, progress: Progress) -> Kept | None:
    """Keep what comes up of it for the rest of the run; None where what is lacking is no service of the project."""
    if not (cause.own or cause.service):
        return None
    run.leave(stack.project.name)
    within = budget(stack.project.config, stack.subject.start_seconds) * SHARE_OF_BUDGET
    start_others(stack.project, cause.service, progress, within=within)
    _note_what_has_ended(stack)
    found = {one.service: one for one in diagnoses(stack.project.name)}
    ill = tuple(name for name, one in found.items() if one.state.startswith("running, ") and answers(stack, name))
    return Kept(
        project=stack.project.name,
        overrides=tuple(map(str, stack.project.overrides)),
        away=_away(stack, cause, {name: one for name, one in found.items() if name not in ill}),
        ill=ill,
    )


def attached(tested: Subject, kept: Kept, run: Session) -> Stack:
    """What was kept, for who needs no more than came up of it."""
    directory = workspace.place_in(run.folder / kept.project, tested)
    project = tested.project_in(directory, kept.project, run.labels(kept.project))
    project.overridden_by([*map(Path, kept.overrides)])
    found = Stack(subject=tested, project=project, runner=PartlyRunner(project, kept.away, kept.ill))
    _note_what_has_ended(found)
    return found


class Needed:
    """What of a stack is started where these roles are enough: who plays them, what that waits for, and what is added.

    Who plays them is looked up before a mutation, which may hide it.
    """

    def __init__(self, roles: Iterable[str]) -> None:
        self._roles = tuple(map(Role, roles))
        self._known: frozenset[str] = frozenset()
        self._playing: frozenset[str] = frozenset()

    def look(self, stack: Stack) -> None:
        """Before anything of the stack is changed."""
        self._known = frozenset(stack.project.services)
        self._playing = frozenset(stack.roles[role] for role in self._roles)

    def reduced(self, stack: Stack) -> Stack:
        """The stack with a runner that starts no more; all of it where no role was named."""
        if not self._roles:
            return stack
        wanted = {name for name in stack.project.services if name in self._playing or name not in self._known}
        wanted |= {name for one in wanted for name in needs(stack.project, one)}
        away = {name: f"needs `{name}` running: {NOT_NEEDED}" for name in stack.project.services if name not in wanted}
        return replace(stack, runner=PartlyRunner(stack.project, away, ()))


def _note_what_has_ended(stack: Stack) -> None:
    for name, status in stack.runner.status().items():
        if status.ended_well:
            stack.project.note_one_shot(name)


def _away(stack: Stack, cause: Cause, found: Mapping[str, Diagnosis]) -> dict[str, str]:
    """{service: what it lacks}: of one that waits for another, what that one lacks."""
    whys = {name: one.why for name, one in found.items()}
    whys |= {name: "it was not started" for name in _missing(stack) if name not in whys}
    told = {name: f"needs `{name}` running: {why}" for name, why in whys.items()}
    told |= {name: str(cause) for name in told if name == cause.service}
    return {name: told[_root(stack.project, name, told)] for name in told}


def _missing(stack: Stack) -> Iterator[str]:
    there = stack.runner.containers()
    services = stack.project.config["services"]
    return (name for name, spec in services.items() if name not in there and replicas_of(spec))


def _root(project: ComposeProject, service: str, away: Mapping[str, str]) -> str:
    """Of those that are away and that a service waits for, one that waits for no other; else the service itself."""
    waits = [name for name in needs(project, service) if name in away]
    return next((name for name in waits if not away.keys() & {*needs(project, name)}), service)
