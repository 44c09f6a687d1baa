"""What is kept of a stack with the evidence: versions, images, logs, how Docker describes each container."""

import json
import subprocess
from dataclasses import asdict

from checks.core.evidence import Folder
from checks.core.run import Image
from checks.core.runner import SWARM
from checks.core.version import version
from checks.harness.inputs import inputs_of
from checks.harness.rests import depends
from checks.subject.roles import Found
from checks.subject.stack import Files, Stack
from stack import ROOT
from stack.driver import docker, engine
from stack.driver.containers import logs_of
from stack.driver.errors import SubjectError
from stack.driver.swarm import deployed, membership


def describe_files(files: Files, folder: Folder) -> None:
    """What is known of a run that asks no engine."""
    compose = docker.ask("compose", "version", "--short").strip()
    folder.describe(
        subject=str(files.subject.compose_file),
        commit=_commit(),
        compose=compose,
        inputs=inputs_of(files.subject),
        depends=depends(files.subject),
        services=services_by_role(files),
    )


def services_by_role(files: Files) -> dict[str, str]:
    """{role: service} as far as it is known; of a project that does not resolve, none."""
    try:
        findings = files.roles.findings
    except SubjectError:
        return {}
    return {str(role): found.service for role, found in findings.items() if isinstance(found, Found)}


def describe(stack: Stack, folder: Folder) -> None:
    versions = engine.require()
    folder.describe(
        subject=str(stack.subject.compose_file),
        commit=_commit(),
        inputs=inputs_of(stack.subject),
        depends=depends(stack.subject),
        engine=versions.engine,
        compose=versions.compose,
        buildx=versions.buildx,
        services=services_by_role(stack),
        images=tuple(
            Image(name=one.reference, digest=one.digest, source=one.source) for one in stack.runner.images.values()
        ),
    )


def keep_what_was_said(stack: Stack, folder: Folder) -> None:
    """The resolved Compose file, and of each container its log and how Docker describes it."""
    folder.keep(f"stacks/{stack.project.name}/compose.json", stack.project.as_json())
    if stack.subject.runner == SWARM and membership.is_active():
        keep_where_tasks_are(stack, folder)
    containers = stack.runner.containers()
    told = json.loads(docker.ask("inspect", *(one.id for one in containers.values()))) if containers else []
    for (service, container), described in zip(containers.items(), told, strict=True):
        folder.keep(f"stacks/{stack.project.name}/{service}.log", logs_of(container))
        folder.keep(
            f"stacks/{stack.project.name}/{service}.json", json.dumps([described], indent=4, ensure_ascii=False)
        )


def keep_where_tasks_are(stack: Stack, folder: Folder) -> None:
    """Of a stack on Swarm: its services, the tasks of each, and the nodes that these are on."""
    told = {one.name: [asdict(task) for task in one.tasks] for one in deployed.services(stack.project.name)}
    folder.keep(f"stacks/{stack.project.name}/tasks.json", json.dumps(told, indent=4) + "\n")
    nodes = [f"{one.name}{'' if one.ready else ' (not ready)'}" for one in membership.nodes()]
    folder.note(f"run by Swarm on {len(nodes)} node: {', '.join(nodes)}; each task and its node stand in tasks.json")


def _commit() -> str:
    """The commit of this project, marked where the work tree differs from it; what is installed has a version.

    An environment may lie in somebody's checkout, and that has nothing to say of what is installed in it.
    """
    if not (ROOT / ".git").exists():
        return f"not a git checkout: compose-compliance {version()}"
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "not a git checkout"
