"""Break Redis' settings or its users in a copy of a stack."""

import hashlib
import json
import shlex
from dataclasses import replace

from checks.subject.mutation import edit, override
from checks.subject.roles import Role
from checks.subject.stack import Mutation, Stack
from stack.driver.project import Config


def redis_with(*arguments: str) -> Mutation:
    """Redis started with these arguments behind its own, which they override."""

    def mutation(stack: Stack) -> None:
        spec = redis_service(stack)
        own = spec.get("command") or ([] if spec.get("entrypoint") else ["redis-server"])
        override(stack, Role.REDIS, command=[*own, *arguments])

    return mutation


DEFAULT_OFF = "user default off resetpass resetkeys resetchannels -@all"


def default_user_on(stack: Stack) -> None:
    """What an ACL file without a line for `default` amounts to (protected mode would keep others out as well)."""
    edit(stack, DEFAULT_OFF, "user default on nopass ~* &* +@all")
    redis_with("--protected-mode", "no")(stack)


def default_user_with_the_apps_password(stack: Stack) -> None:
    """What `requirepass` amounts to where the service is given the same password."""
    edit(stack, DEFAULT_OFF, f"user default on {digest(stack.credentials.password('app'))} ~* &* +@all")


def digest(password: str) -> str:
    """A password as an ACL file has it."""
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"


def another_redis(*words: str) -> Mutation:
    """A Redis more, as a service of its own, started with these words behind its name."""

    def mutation(stack: Stack) -> None:
        image = redis_service(stack).get("image", "redis")
        beside = {"image": image, "entrypoint": ["redis-server", *words], "networks": ["backend"]}
        stack.project.override(json.dumps({"services": {"cache": beside}}))

    return mutation


def naming_its_own(stack: Stack) -> Stack:
    """The stack with a profile that names the Redis that was there before."""
    named = {**stack.subject.roles, Role.REDIS: "redis"}
    return replace(stack, subject=replace(stack.subject, roles=named), _roles={})


def decoy_inside(stack: Stack) -> None:
    """A second server in the container of the first, without a login or a file to save to."""
    decoy = '$$(command -v redis-server) --port 6380 --save "" --protected-mode no & exec "$$@"'
    override(stack, Role.REDIS, entrypoint=["sh", "-c", decoy, "first"], command=started_with(stack))


def program_left_waiting(command: str) -> Mutation:
    """Something that waits beside Redis for its time, in the container of it."""

    def mutation(stack: Stack) -> None:
        waiting = f"(sleep 900; {command}) & exec {shlex.join(started_with(stack))}"
        override(stack, Role.REDIS, entrypoint=["sh", "-c", waiting], command=[])

    return mutation


def change_in_its_health_check(command: str) -> Mutation:
    """A health check that changes something once Redis has run for long enough, and is content besides."""

    def mutation(stack: Stack) -> None:
        waits = f"test $$(cut -d. -f1 /proc/uptime) -gt 9000000 && {command}; redis-cli ping | grep -q ."
        override(stack, Role.REDIS, healthcheck={"test": ["CMD-SHELL", waits]})

    return mutation


def change_by_another_service(command: str) -> Mutation:
    """A service that waits for its time, and is there to change something then."""

    def mutation(stack: Stack) -> None:
        image = redis_service(stack).get("image", "redis")
        waits = {"image": image, "command": ["sh", "-c", f"sleep 900 && {command}"], "networks": ["backend"]}
        stack.project.override(json.dumps({"services": {"keeper": waits}}))

    return mutation


def change_by_a_label(command: str) -> Mutation:
    """A label by which a scheduler beside the project has it changed."""
    return lambda stack: override(stack, Role.REDIS, labels={"ofelia.job-exec.tidy.command": command})


WAITING = (program_left_waiting, change_in_its_health_check, change_by_another_service, change_by_a_label)


def redis_service(stack: Stack) -> Config:
    spec: Config = stack.project.config["services"][stack.roles[Role.REDIS]]
    return spec


def started_with(stack: Stack) -> list[str]:
    """The words that start Redis."""
    spec = redis_service(stack)
    return [*(spec.get("entrypoint") or ()), *(spec.get("command") or ())] or ["redis-server"]
