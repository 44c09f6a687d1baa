"""Commands that know nothing of this clone, and what they use."""

import resource
import subprocess
from pathlib import Path


def run(*words: object, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command with nothing in its environment that leads to this clone."""
    told = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder)} | environment
    return subprocess.run(
        [str(word) for word in words], cwd=folder, env=told, capture_output=True, text=True, check=False
    )


def processor() -> float:
    """Seconds that ended commands of this process have used."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
