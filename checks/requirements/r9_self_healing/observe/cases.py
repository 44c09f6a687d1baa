"""Which services a check of this requirement is about: the cases together leave none out."""

from checks.core.verdict import NotApplicableError
from checks.subject.roles import HEALER, Role
from checks.subject.stack import Stack

FILTERS = "engine"  # of what is known to have the socket for others, or for itself
HEALERS = "healers"
EVERY_OTHER = "prometheus and every other service"
CASES = (Role.API, Role.REDIS, HEALERS, EVERY_OTHER)


def services_of(stack: Stack, case: str) -> tuple[str, ...]:
    """The services that a case is about; raises NotApplicableError where there is none."""
    if case in (Role.API, Role.REDIS):
        return (stack.roles[Role(case)],)
    if case == HEALERS:
        return healers(stack)
    played = {*stack.candidates(Role.API), *stack.candidates(Role.REDIS), *_healing(stack)}
    if others := tuple(name for name in stack.project.services if name not in played):
        return others
    raise NotApplicableError("there is no service beside the api, Redis and what heals them")


def healers(stack: Stack) -> tuple[str, ...]:
    """The services that can ask the engine for a restart; raises NotApplicableError where there is none.

    Many have the engine's socket to look at containers, route to them or update them, and heal nobody: who is known for
    something else is no healer. What only hands on what others ask, a filter, has to be healed as well.
    """
    if found := _healing(stack):
        return found
    able = _at_the_socket(stack)
    told = f"; {', '.join(able)} has it for something else" if able else ""
    raise NotApplicableError(f"no healer of the stack has the engine's socket, so that none can be frozen{told}")


def _healing(stack: Stack) -> tuple[str, ...]:
    return tuple(name for name in _at_the_socket(stack) if stack.kind_of(name) in ("", HEALER))


def _at_the_socket(stack: Stack) -> tuple[str, ...]:
    """The services that have the engine's socket, after those that ask through one of them."""
    others = {*stack.candidates(Role.PROMETHEUS), *stack.candidates(Role.API)}
    having = [name for name in stack.project.mounting_a_socket() if name not in others]
    doors = [name for name in having if stack.kind_of(name) in ("", HEALER, FILTERS)]
    return (*(name for name in stack.project.asking_through(doors) if name not in others), *having)
