"""What checks in workers wait for, told to the process that shows it: a file a worker in the folder of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


class Waits:
    """The files of a run, which go with the rest of what its workers agree by."""

    def __init__(self, run: Path) -> None:
        self._folder = run / ".turns" / "waits"

    def say(self, worker: str, check: str, waits_for: str) -> None:
        """A worker's check waits for this now; what is half written is never read."""
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{worker}"
        aside.write_text(json.dumps([check, waits_for]))
        aside.replace(self._folder / worker)

    def known(self) -> Mapping[str, str]:
        """{check: what it waits for}."""
        told = [json.loads(file.read_text()) for file in sorted(self._folder.glob("[!.]*"))]
        return {check: waits_for for check, waits_for in told if waits_for}
