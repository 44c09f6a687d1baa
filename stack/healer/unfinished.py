"""Tells a restart of ours that failed half-way from a stop by hand: both leave a container that does not run."""

from dataclasses import replace

from stack.healer.container import Container
from stack.healer.policy import Memory
from stack.healer.state import Treatment

DOWN = ("created", "exited", "dead")


def unfinished(patient: Container, treatment: Treatment | None, memory: Memory) -> bool:
    """Tell whether it ended while we restarted it, was not started since, and nobody else asked it to end.

    The engine's own times tell, so that a healer which was itself restarted meanwhile comes to the same result.
    """
    return (
        treatment is not None
        and treatment.restarted_at is None
        and patient.status in DOWN
        and patient.started < treatment.began_at <= patient.finished
        and memory.asked_to_end_at < treatment.began_at
    )


def completed(treatment: Treatment, seen: Container | None) -> Treatment:
    """Add when it was restarted, where we were away ourselves when that was done."""
    if treatment.restarted_at or not seen or seen.started < treatment.began_at:
        return treatment
    return replace(treatment, restarted_at=seen.started)
