"""Break one thing in a copy of a stack, before it starts."""

import json
import shlex
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from checks.subject import copies
from checks.subject.roles import Role
from checks.subject.stack import Files, Mutation, Stack
from stack.driver import docker
from stack.driver.errors import StackError
from stack.driver.labels import options


def nothing(_: Stack) -> None:
    """The stack as it is, for mutations that mutation what is done to it."""


def health_check_that_cannot_fail(stack: Stack) -> None:
    override(stack, Role.API, healthcheck={"test": ["CMD-SHELL", "exit 0"]})


def restarted(role: Role, policy: str) -> Mutation:
    """The service under another restart policy."""
    return lambda stack: override(stack, role, restart=policy)


def never_well_again(stack: Stack) -> None:
    """A health check of Redis that passes in the container's first run only."""
    how, *words = stack.project.config["services"][stack.roles[Role.REDIS]]["healthcheck"]["test"]
    asked = words[0] if how == "CMD-SHELL" else shlex.join(words)
    first_run = "/data/.first-run; now=$$(cut -d' ' -f22 /proc/1/stat)"
    remembered = f"f={first_run}; [ -e $$f ] || echo $$now > $$f; [ $$(cat $$f) = $$now ]"
    override(stack, Role.REDIS, healthcheck={"test": ["CMD-SHELL", f"{remembered} && {asked}"]})


def service_with(module: str, old: str, new: str) -> Mutation:
    """The shipped service with a text replaced in one of its modules: a copy from the image, mounted over it."""

    def mutation(stack: Stack) -> None:
        path = f"/app/service/{module}"
        text = file_in_image(stack, stack.roles[Role.API], path)
        if text.count(old) != 1:
            raise StackError(f"the mutation needs {old!r} once in {path}, and it is there {text.count(old)} times")
        (stack.project.directory / module).write_text(text.replace(old, new))
        # The image's byte code is used whatever the source says.
        (stack.project.directory / "no-byte-code").mkdir(exist_ok=True)
        byte_code = "./no-byte-code:/app/service/__pycache__:ro"
        override(stack, Role.API, volumes=[f"./{module}:{path}:ro", byte_code])

    return mutation


def file_in_image(stack: Stack, service: str, path: str) -> str:
    """The text of a file that the service's image holds; raises StackError where it has none, or no `cat`."""
    image = stack.project.config["services"][service].get("image", "")
    labels = options(stack.project.labels)
    return docker.ask("run", "--rm", "--network", "none", *labels, "--entrypoint", "cat", image, path)


def without(role: Role) -> Mutation:
    """The project without the service in a role, and nobody who would depend on it."""

    def mutation(stack: Stack) -> None:
        gone, services = stack.roles[role], stack.project.config["services"]
        lines = [f"  {json.dumps(gone)}: !reset null"]
        for name, spec in services.items():
            if name != gone and gone in (spec.get("depends_on") or {}):
                lines.append(f"  {json.dumps(name)}: {{ depends_on: {{ {json.dumps(gone)}: !reset null }} }}")
        stack.project.override("\n".join(["services:", *lines, ""]))

    return mutation


def override(stack: Stack, role: Role, **keys: object) -> None:
    """JSON is YAML. A dollar has to be written twice, as it stands in the resolved Compose file."""
    stack.project.override(json.dumps({"services": {stack.roles[role]: keys}}))


def as_it_stands(files: Files) -> Files:
    """The same files where nobody renders them for Swarm."""
    return replace(files, subject=replace(files.subject, rendered=False))


@contextmanager
def laid_over(files: Files, **config: object) -> Iterator[Files]:
    """The same files with more keys over them (`services={"api": {...}}`), for who reads them and starts nothing."""
    with tempfile.TemporaryDirectory(prefix="laid-over-") as aside:
        yield replace(files, project=files.project.laid_over(json.dumps(config), Path(aside)))


def edit(stack: Stack, old: str, new: str) -> None:
    """Replace a text in the one file of the stack's directory that has it."""
    holding = [
        path
        for path in stack.project.directory.rglob("*")
        if path.is_file() and old in path.read_text(errors="replace")
    ]
    if len(holding) != 1:
        raise StackError(f"the mutation needs one file with {old!r} in it, and {len(holding)} have it")
    rewrite(holding[0], holding[0].read_text().replace(old, new))


def rewrite(path: Path, text: str) -> None:
    """In place: owner and mode stay, for those who read it, and so does the file that a container has mounted.

    One that other copies have too (`copies.py`), which no container has mounted, becomes this one's own first.
    """
    if path.stat().st_nlink > 1:
        own = path.with_name(f"{path.name}.own")
        copies.copy_tree(path, own, lambda _: True, lambda _: False)
        own.replace(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode | stat.S_IWUSR)
    path.write_text(text)
    path.chmod(mode)
