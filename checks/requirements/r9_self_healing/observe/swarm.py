"""Read restart policies and updates as Swarm would have them."""

from checks.core.verdict import NotApplicableError
from checks.requirements.r9_self_healing.judge.swarm import Restarting, Update, Updates
from checks.subject import on_swarm
from checks.subject.roles import Role
from checks.subject.stack import Files
from stack.driver.project import Config, is_global, replicas_of
from stack.driver.swarm.keys import restarts
from stack.driver.swarm.mounts import holds_data


def read_restarting(files: Files) -> Restarting:
    of = {name: restarts(spec) for name, spec in _going_on(files).items()}
    return Restarting(of=of, places=files.places(of, "deploy", "restart_policy"))


def read_updates(files: Files) -> Updates:
    """Of the api, and of what has several tasks and no data of its own."""
    api = files.candidates(Role.API)
    of = {name: _update(spec) for name, spec in _going_on(files).items() if name in api or _is_many(spec)}
    if not of:
        raise NotApplicableError("no service is known as the api, and none has several tasks")
    return Updates(of=of, places=files.places(of, "deploy", "update_config"))


def _going_on(files: Files) -> dict[str, Config]:
    """What is deployed, without what is to end."""
    return {name: spec for name, spec in on_swarm.services(files).items() if name in files.project.services}


def _is_many(spec: Config) -> bool:
    return (is_global(spec) or replicas_of(spec) > 1) and not holds_data(spec)


def _update(spec: Config) -> Update:
    """With Docker's own settings where nothing is said: one at once, stopped first, paused where it fails."""
    told = (spec.get("deploy") or {}).get("update_config") or {}
    on_the_node = any(port.get("mode") == "host" for port in spec.get("ports") or ())
    return Update(
        tasks=replicas_of(spec),
        at_once=int(told.get("parallelism", 1)),
        order=str(told.get("order") or "stop-first"),
        failure_action=str(told.get("failure_action") or "pause"),
        beside=not (holds_data(spec) or on_the_node or is_global(spec)),
    )
