"""A subject as Docker Swarm would take it: its Compose files as they lie there, or what is rendered from them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from checks.subject.env_file import variables_of
from checks.subject.stack import MADE_UP, Files
from stack.driver import bounded
from stack.driver.errors import EngineError, StackError, SubjectError
from stack.driver.project import ComposeProject, Config
from stack.driver.swarm.service import Cluster, lost_of, translated
from stack.ops.rendering import healing

TOO_OLD = re.compile(r"unknown (?:shorthand )?flag|unknown command|is not a docker command", re.IGNORECASE)


def services(files: Files) -> Mapping[str, Config]:
    """{service: what the stack file says of it}.

    That of the stack that ships is rendered, here for a cluster whose kernels lack nothing; any other goes as it is.
    """
    if not files.subject.rendered:
        return files.services
    name, cluster = files.project.name, Cluster()
    return {
        one: translated(name, one, files.services[one], cluster, networks=(), configs=()) for one in _deployed(files)
    }


def lost(files: Files) -> list[str]:
    """What a rendered stack file does not keep of the Compose file: 'api security_opt'."""
    deployed = _deployed(files) if files.subject.rendered else ()
    return [f"{name} {key}" for name in deployed for key in lost_of(files.services[name])]


def refusal(files: Files) -> str:
    """What the docker command says against the Compose files as a stack, '' where it takes them; no engine is asked.

    Variables are those of `.env`, which whoever deploys has to give it. What is rendered is known to be taken.
    """
    if files.subject.rendered:
        return ""
    project = files.project
    own = tuple(path for path in project.files if path not in project.overrides)
    words = [word for path in own for word in ("--compose-file", str(path))]
    given = {**dict.fromkeys(files.made_up, MADE_UP), **variables_of(project.folder), **project.environment}
    try:
        bounded.ask("stack", "config", *words, files=own, environment=given)
    except (EngineError, SubjectError):
        raise
    except StackError as problem:
        said = problem.details[-1] if problem.details else problem.sentence
        if TOO_OLD.search(said):
            raise EngineError("this docker command cannot read a stack file", hint="25 and newer can") from problem
        return said.replace(f"{project.directory}/", "")
    return ""


def leave_out_healers(project: ComposeProject) -> None:
    """Take those out of a copy that restart what is unhealthy, which Swarm does by itself."""
    out = "".join(f"  {json.dumps(name)}: !reset null\n" for name in healing(project))
    if out:
        project.override(f"services:\n{out}")


def _deployed(files: Files) -> tuple[str, ...]:
    healers = healing(files.project)
    return tuple(name for name in files.project.services if name not in healers)
