"""One JSON line on stdout for each thing done, or left undone on purpose; nothing else is ever printed."""

import json
from datetime import UTC, datetime

from stack.healer.container import Container
from stack.healer.state import Treatment

SHORT_ID = 12


def write(action: str, container: Container | None = None, **details: object) -> None:
    """Say it at once."""
    print(line(action, container, datetime.now(UTC), details), flush=True)


def line(action: str, container: Container | None, now: datetime, details: dict[str, object]) -> str:
    """Put the words in the order in which a person reads them."""
    said: dict[str, object] = {"time": _told(now), "action": action}
    if container:
        said |= {"service": container.service, "container": container.id[:SHORT_ID]}
    return json.dumps(said | {word: detail for word, detail in details.items() if detail not in (None, "")})


def course(treatment: Treatment, healthy_at: float | None = None) -> dict[str, object]:
    """Tell a restart from its cause to its end, as far as it has come: moments, then how long each phase took."""
    restarted_at = treatment.restarted_at
    return {
        "reason": treatment.reason,
        "fault": treatment.fault,
        "detected_at": _moment(treatment.detected_at),
        "restarted_at": _moment(restarted_at),
        "healthy_at": _moment(healthy_at),
        "detect_seconds": _rounded(treatment.detect_seconds),
        "restart_seconds": _rounded(restarted_at and restarted_at - treatment.began_at),
        "recover_seconds": _rounded(healthy_at and restarted_at and healthy_at - restarted_at),
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else _told(datetime.fromtimestamp(at, UTC))


def _told(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
