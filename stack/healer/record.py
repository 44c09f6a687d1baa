"""One JSON line on stdout for each thing done, or left undone on purpose; nothing else is ever printed."""

import json
from datetime import UTC, datetime

from stack.healer.container import Container

SHORT_ID = 12


def write(action: str, container: Container | None = None, **details: object) -> None:
    """Say it at once."""
    print(line(action, container, datetime.now(UTC), details), flush=True)


def line(action: str, container: Container | None, now: datetime, details: dict[str, object]) -> str:
    """Put the words in the order in which a person reads them."""
    said: dict[str, object] = {"time": now.isoformat(timespec="milliseconds"), "action": action}
    if container:
        said |= {"service": container.service, "container": container.id[:SHORT_ID]}
    return json.dumps(said | {word: detail for word, detail in details.items() if detail not in (None, "")})


def trouble(container: Container) -> dict[str, object]:
    """Tell what the last failed probe said, and how long it took to believe such probes."""
    output = container.failures[-1].output if container.failures else None
    seconds = container.detect_seconds
    return {"probe": output, "detect_seconds": None if seconds is None else round(seconds, 3)}
