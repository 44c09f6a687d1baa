"""One thing broken in a fresh stack before it starts. What cannot be broken raises StackError: nothing is concluded."""

import hashlib
import json
import os
import stat
from pathlib import Path

from stack.driver import Sabotage, Stack
from stack.errors import StackError
from stack.subject import Role


def nothing(_: Stack) -> None:
    """The stack as it is, for controls that sabotage what is done to it."""


def redis_with(*arguments: str) -> Sabotage:
    """Redis started with these arguments behind its own, which they override."""

    def sabotage(stack: Stack) -> None:
        spec = stack.config["services"][stack.roles[Role.REDIS]]
        own = spec.get("command") or ([] if spec.get("entrypoint") else ["redis-server"])
        _override(stack, Role.REDIS, command=[*own, *arguments])

    return sabotage


fsync_every_second = redis_with("--appendfsync", "everysec")
fsync_suspended_by_rewrites = redis_with("--no-appendfsync-on-rewrite", "yes")
nothing_saved = redis_with("--appendonly", "no", "--save", "")


def data_beside_the_mount(stack: Stack) -> None:
    """The append-only file in memory, in a directory of the container's own."""
    _override(stack, Role.REDIS, tmpfs=["/beside:mode=1777"])
    redis_with("--dir", "/beside")(stack)


DEFAULT_OFF = "user default off resetpass resetkeys resetchannels -@all"


def default_user_on(stack: Stack) -> None:
    """What an ACL file without a line for `default` amounts to (protected mode would keep others out as well)."""
    _edit(stack, DEFAULT_OFF, "user default on nopass ~* &* +@all")
    redis_with("--protected-mode", "no")(stack)


def default_user_with_the_apps_password(stack: Stack) -> None:
    """What `requirepass` amounts to where the service is given the same password."""
    digest = hashlib.sha256(stack.password("app").encode()).hexdigest()
    _edit(stack, DEFAULT_OFF, f"user default on #{digest} ~* &* +@all")


def default_user_with_an_unknown_password(stack: Stack) -> None:
    """What `requirepass` amounts to where the service has a user of its own."""
    _edit(stack, DEFAULT_OFF, f"user default on #{hashlib.sha256(os.urandom(32)).hexdigest()} ~* +get +set")


def user_without_a_password(stack: Stack) -> None:
    _edit(stack, DEFAULT_OFF, f"{DEFAULT_OFF}\nuser guest on nopass ~* -@all +get")


def app_logged_in_as_default(stack: Stack) -> None:
    default_user_with_the_apps_password(stack)
    _override(stack, Role.API, environment={"REDIS_USERNAME": "default"})


def password_in_the_environment(stack: Stack) -> None:
    _override(stack, Role.API, environment={"REDIS_PASSWORD": stack.password("app")})


def app_may_do_everything(stack: Stack) -> None:
    _edit(stack, "-@all +set +get +ping\n", "~* &* +@all\n")


def app_may_not_write(stack: Stack) -> None:
    _edit(stack, "-@all +set +get +ping\n", "-@all +get +ping\n")


def wrong_scrape_path(stack: Stack) -> None:
    path = stack.subject.routes.metrics
    _edit(stack, f"metrics_path: {path}", f"metrics_path: {path}-of-another")


def metrics_dropped(stack: Stack) -> None:
    """Prometheus scrapes the service, and throws every series of it away."""
    drop = "metric_relabel_configs: [{ source_labels: [__name__], regex: 'http_.*', action: drop }]"
    _edit(stack, "  - job_name: api\n", f"  - job_name: api\n    {drop}\n")


def no_healer(stack: Stack) -> None:
    stack.override("services: { healer: { profiles: [removed] } }")


def health_check_that_cannot_fail(stack: Stack) -> None:
    _override(stack, Role.API, healthcheck={"test": ["CMD-SHELL", "exit 0"]})


def undeclared_dependency(stack: Stack) -> None:
    """The service no longer says that it depends on Redis, so its sickness is taken for its own."""
    stack.override(f"services: {{ {json.dumps(stack.roles[Role.API])}: {{ depends_on: !reset {{}} }} }}")


def never_well_again(stack: Stack) -> None:
    """A health check of Redis that passes in the container's first run only."""
    test = stack.config["services"][stack.roles[Role.REDIS]]["healthcheck"]["test"]
    first_run = "/data/.first-run; now=$$(cut -d' ' -f22 /proc/1/stat)"
    remembered = f"f={first_run}; [ -e $$f ] || echo $$now > $$f; [ $$(cat $$f) = $$now ]"
    _override(stack, Role.REDIS, healthcheck={"test": ["CMD-SHELL", f"{remembered} && {test[1]}"]})


def _override(stack: Stack, role: Role, **keys: object) -> None:
    """JSON is YAML. A dollar has to be written twice, as it stands in the resolved Compose file."""
    stack.override(json.dumps({"services": {stack.roles[role]: keys}}))


def _edit(stack: Stack, old: str, new: str) -> None:
    """Replace a text in the one file of the stack's directory that has it."""
    holding = [
        path for path in stack.directory.rglob("*") if path.is_file() and old in path.read_text(errors="replace")
    ]
    if len(holding) != 1:
        raise StackError(f"the sabotage needs one file with {old!r} in it, and {len(holding)} have it")
    _rewrite(holding[0], holding[0].read_text().replace(old, new))


def _rewrite(path: Path, text: str) -> None:
    """In place: owner and mode stay, for those who read it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode | stat.S_IWUSR)
    path.write_text(text)
    path.chmod(mode)
