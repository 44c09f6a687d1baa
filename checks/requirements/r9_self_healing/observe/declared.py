"""Read the restart policies and the times that the Compose file declares."""

from checks.requirements.r9_self_healing.judge.engine_restart import Policies
from checks.requirements.r9_self_healing.judge.healing_bound import HealingBounds
from checks.subject.health_checks import declared_check
from checks.subject.stack import Files
from stack.driver.project import declared_policy, seconds_in

STOP_GRACE = "10s"  # what Docker gives a container that says nothing of it


def read_declared_policies(files: Files) -> Policies:
    of = {name: declared_policy(files.services[name]) for name in files.project.services}
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
