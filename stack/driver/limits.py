"""What a service of a copy may take of this machine where its project sets no bound: half of its memory, 4,096 tasks.

No service that does what it is for comes near; one that takes all there is, on purpose or not, ends itself and not the
machine. Disk has no bound here: the engine's drivers have one for containers on few file systems, and none for volumes.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

MEMORY_BYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
TASKS = 4096  # the smallest machines have 32,768 process ids; a JVM with a pool of threads takes some hundreds


def limited(spec: Mapping[str, Any]) -> Iterator[str]:
    """Lines to lay over a service for what it leaves open, beside the limits that it sets: Compose wants one place."""
    deployed = ((spec.get("deploy") or {}).get("resources") or {}).get("limits")
    missing = {
        name: most
        for name, flat, most in (("memory", "mem_limit", MEMORY_BYTES), ("pids", "pids_limit", TASKS))
        if int(spec.get(flat) or 0) <= 0 and int((deployed or {}).get(name) or 0) <= 0
    }
    if missing and deployed:
        told = {name: str(most) if name == "memory" else most for name, most in missing.items()}
        yield f"    deploy: {json.dumps({'resources': {'limits': told}})}"
    elif missing:
        yield from (f"    {'mem' if name == 'memory' else name}_limit: {most}" for name, most in missing.items())
