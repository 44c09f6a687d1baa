"""Changes to files that have a project keep the rules of R9."""

from __future__ import annotations

from checks.core.verdict import Violation
from checks.subject.draft import Draft, NoPatchError, by_name, remedies


@remedies("engine-restart-comes-back")
def restart_with_the_engine(draft: Draft, violation: Violation) -> None:
    """A policy under `deploy` goes before `restart`, as Compose has it."""
    for service in by_name(violation):
        _require_lasting(draft, service)
        if draft.holding("services", service, "deploy", "restart_policy"):
            draft.set(service, "deploy", "restart_policy", "condition", "any")
        else:
            draft.set(service, "restart", "unless-stopped")


def _require_lasting(draft: Draft, service: str) -> None:
    """Raises NoPatchError for one that may be there to end, as a migration is: a policy would run it for ever."""
    files = draft.files
    needed = any(service in files.project.depends_on(other) for other in files.project.services)
    plays = any(service in files.candidates(role) for role in files.roles.findings)
    if not (needed or plays or files.services[service].get("ports") or files.kind_of(service)):
        raise NoPatchError(f"whether `{service}` is to go on running, or to end, only its owner knows")


@remedies("healed-within-minutes")
def heal_sooner(draft: Draft, violation: Violation) -> None:
    for service in by_name(violation):
        draft.probe_sooner(service)
        if "stop_grace_period" in draft.files.services[service]:
            draft.set(service, "stop_grace_period", "10s")
