"""Read the restart policies and the times that the Compose file declares."""

from checks.requirements.r9_self_healing.judge.engine_restart import Policies
from checks.requirements.r9_self_healing.judge.healing_bound import HealingBounds
from checks.subject.health_checks import declared_check
from checks.subject.stack import Files
from stack.driver.project import Config, seconds_in

STOP_GRACE = "10s"  # what Docker gives a container that says nothing of it

AS_COMPOSE_READS = {"any": "always", "none": "no"}  # conditions of `deploy.restart_policy`


def read_declared_policies(files: Files) -> Policies:
    of = {name: policy(files.services[name]) for name in files.project.services}
    return Policies(of=of, places=files.places(of, "restart"))


def read_declared_bounds(files: Files) -> HealingBounds:
    """Of each service: until it is found, is stopped, and is asked once; 0 where files tell of no health check."""
    checks = {name: declared_check(files.services[name]) for name in files.project.services}
    grace = {name: seconds_in(str(files.services[name].get("stop_grace_period") or STOP_GRACE)) for name in checks}
    return HealingBounds(
        of={
            name: check.detection_bound + grace[name] + check.first_probe_bound if check.test else 0.0
            for name, check in checks.items()
        },
        places=files.places(checks, "healthcheck"),
    )


def policy(spec: Config) -> str:
    """'on-failure' of 'on-failure:3'; 'no' where nothing is said, as Docker has it.

    That of `deploy` goes before `restart` where both are there, and without a condition is none: so Compose 2.26
    makes the container, whatever its specification says of `any`.
    """
    told = (spec.get("deploy") or {}).get("restart_policy")
    if told is not None:
        condition = str(told.get("condition") or "none")
        return AS_COMPOSE_READS.get(condition, condition)
    return str(spec.get("restart") or "no").partition(":")[0]
