"""What checks see: a subject, its Compose project as files, and who runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from checks.subject.credentials import Credentials
from checks.subject.ports import http_ports
from checks.subject.profile import Subject
from checks.subject.roles import Roles, Search, find_roles
from checks.subject.secrets import secrets_of
from stack.driver.project import ComposeProject
from stack.driver.runners.compose import ComposeRunner
from stack.driver.runners.protocol import Runner


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A subject on the engine. What is asked tells what it costs: `project` a file, `runner` an engine."""

    subject: Subject
    project: ComposeProject
    runner: Runner
    _roles: dict[tuple[Path, ...], Roles] = field(default_factory=dict, repr=False, compare=False)

    @property
    def roles(self) -> Roles:
        """{role: service}; one that nobody plays, or that several could, is told when it is asked for.

        Looked for once for the files that there are.
        """
        files = self.project.files
        if files not in self._roles:
            self._roles[files] = find_roles(self.project.config, self.subject.roles, self.subject.absent)
        return self._roles[files]

    def http_ports(self, service: str) -> tuple[int, ...]:
        """The ports of its container on which a service may answer HTTP, as far as the files say."""
        config = self.project.config
        looked = Search(config=config, named=self.subject.roles, absent=self.subject.absent)
        links = (*looked.scrapes(service), *looked.leads(service))
        return http_ports(config, service, [link.port for link in links if link.port])

    @property
    def credentials(self) -> Credentials:
        """The logins that the profile names."""
        return Credentials(subject=self.subject, directory=self.project.directory)

    def secrets(self) -> dict[str, str]:
        """{name: text} of every one-line secret of it."""
        return secrets_of(self.project.config, self.credentials)


Mutation = Callable[[Stack], None]
"""Breaks one thing of a fresh stack before it starts: edits files in its directory, or calls `project.override`."""


def stack_of(subject: Subject, project: ComposeProject) -> Stack:
    """A stack that Compose runs."""
    return Stack(subject=subject, project=project, runner=ComposeRunner(project))
