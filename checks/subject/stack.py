"""What checks see: a subject, its Compose project as files, and who runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checks.core.place import Place, Places
from checks.core.runner import SWARM
from checks.subject.credentials import Credentials
from checks.subject.lines import place_of
from checks.subject.ports import http_ports
from checks.subject.profile import Subject
from checks.subject.roles import Absent, Finding, Open, Role, Roles, Search, find_roles
from checks.subject.secrets import secrets_of
from stack.driver.errors import SubjectError
from stack.driver.project import ComposeProject, Config
from stack.driver.runners.compose import ComposeRunner
from stack.driver.runners.protocol import Runner
from stack.driver.swarm.runner import SwarmRunner
from stack.ops.rendering import rendered_here

MADE_UP = "54321"  # stands for what is not there: fits where a tag, a port, a user or a name is wanted


@dataclass(frozen=True, kw_only=True)
class Files:
    """A subject as files: all that the declared tier may ask. `complaint` is what Compose says against it, if it does.

    `made_up` names what Compose was given in place of what is not there, `unprepared` says that what the profile wants
    run before a start has not been. `seen` are roles that were settled by asking what runs.
    """

    subject: Subject
    project: ComposeProject
    complaint: tuple[str, ...] = ()
    made_up: tuple[str, ...] = ()
    unprepared: bool = False
    seen: Mapping[Role, Finding] = field(default_factory=dict)
    _roles: dict[tuple[Path, ...], Roles] = field(default_factory=dict, repr=False, compare=False)

    @property
    def services(self) -> Mapping[str, Config]:
        """{service: what the resolved Compose file says of it}."""
        found: Mapping[str, Config] = self.project.config["services"]
        return found

    @property
    def roles(self) -> Roles:
        """{role: service}; one that nobody plays, or that several could, is told when it is asked for.

        Looked for once for the files that there are.
        """
        files = self.project.files
        if files not in self._roles:
            by_files = find_roles(self.project.config, self.subject.roles, self.subject.absent)
            self._roles[files] = Roles({**by_files.findings, **self.seen})
        return self._roles[files]

    def kind_of(self, service: str) -> str:
        """What a service is that stands beside the app, such as a proxy; '' where that is not known."""
        return Search(config=self.project.config, named=self.subject.roles).kind_of(service)

    def playing_or_api(self, role: Role) -> str:
        """The service in a role, or the api where there is none: something is to be broken in any case."""
        return next(iter(self.candidates(role)), None) or self.roles[Role.API]

    def http_ports(self, service: str) -> tuple[int, ...]:
        """The ports of its container on which a service may answer HTTP, as far as the files say."""
        config = self.project.config
        looked = Search(config=config, named=self.subject.roles, absent=self.subject.absent)
        links = (*looked.scrapes(service), *looked.leads(service))
        return http_ports(config, service, [link.port for link in links if link.port])

    def api_ports(self, service: str) -> tuple[int, ...]:
        """Those of the api: what the profile says, else as far as the files do."""
        return (self.subject.routes.port,) if self.subject.routes.port else self.http_ports(service)

    def place(self, *keys: str) -> Place | None:
        """Where a key of its Compose files stands: `place("services", "api", "image")`."""
        return place_of(self.subject.files, keys)

    def places(self, names: Iterable[str], *keys: str) -> Places:
        """{service: where this key of it stands}, or the service itself where it has none; without those included."""
        found = {name: self.place("services", name, *keys) for name in names}
        return {name: place for name, place in found.items() if place}

    @property
    def credentials(self) -> Credentials:
        """The logins that the profile names."""
        return Credentials(subject=self.subject, directory=self.project.directory)

    def secrets(self) -> dict[str, str]:
        """{name: text} of every one-line secret of it."""
        return secrets_of(self.project.config, self.credentials)

    def is_made_up(self, text: str) -> bool:
        """Whether a text of the resolved Compose file has something in it that was made up."""
        return bool(self.made_up) and MADE_UP in text

    def role(self, role: Role) -> str | None:
        """The service in a role, None where none looks like it; raises what `roles` does in any other case."""
        found = self.roles.findings[role]
        return None if isinstance(found, Absent) and not found.by_profile else self.roles[role]

    def presence(self, role: Role) -> dict[str, str]:
        """`service` and `because` of a role, with no service where none looks like it; else as `role`."""
        found = self.roles.findings[role]
        return {"service": self.role(role) or "", "because": "" if isinstance(found, Open) else found.because}

    def candidates(self, role: Role) -> list[str]:
        """The services that look as if they had a role."""
        match self.roles.findings[role]:
            case Open(candidates=several):
                return list(several)
            case Absent():
                return []
            case found:
                return [found.service]

    def secrets_there(self) -> dict[str, str]:
        """The same, without those whose files are not there yet."""
        return secrets_of(self.project.config, self.credentials, if_there=True)


@dataclass(frozen=True, kw_only=True)
class Stack(Files):
    """A subject on the engine. What is asked tells what it costs: `project` a file, `runner` an engine."""

    runner: Runner


Mutation = Callable[[Stack], None]
"""Breaks one thing of a fresh stack before it starts: edits files in its directory, or calls `project.override`."""


def stack_of(subject: Subject, project: ComposeProject) -> Stack:
    """A stack that Compose runs, or Swarm as the stack that ships is rendered for it.

    Raises SubjectError for another that Swarm is to run.
    """
    if subject.runner == SWARM and not subject.rendered:
        raise SubjectError("only the stack that ships can be run on Swarm", hint="`--tier declared` judges the files")
    runner = SwarmRunner(project, rendered_here) if subject.runner == SWARM else ComposeRunner(project)
    return Stack(subject=subject, project=project, runner=runner)
