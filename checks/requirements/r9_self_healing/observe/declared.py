"""Read the restart policies that the Compose file declares."""

from checks.requirements.r9_self_healing.judge.engine_restart import Policies
from checks.subject.stack import Files
from stack.driver.project import Config

AS_COMPOSE_READS = {"any": "always", "none": "no"}  # conditions of `deploy.restart_policy`


def read_declared_policies(files: Files) -> Policies:
    return Policies(of={name: policy(files.services[name]) for name in files.project.services})


def policy(spec: Config) -> str:
    """'on-failure' of 'on-failure:3'; 'no' where nothing is said, as Docker has it."""
    told = (spec.get("deploy") or {}).get("restart_policy")
    if told is not None and "restart" not in spec:
        condition = str(told.get("condition", "any"))
        return AS_COMPOSE_READS.get(condition, condition)
    return str(spec.get("restart") or "no").partition(":")[0]
