"""Where that stands in the Compose files which Compose complains of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checks.core.place import Place
from checks.subject.lines import place_in
from checks.subject.stack import Files

NUMBERED = re.compile(r"^yaml: (?:.* )?line (\d+)")
COMMENT = re.compile(r"(?:^|\s)#.*")
KINDS = {  # {what it says: what the line has in it, with what it names}
    re.compile(r'The "(\w+)" variable is not set'): r"\$\{{?{0}\b",
    re.compile(r"required variable (\w+) is missing"): r"\$\{{?{0}\b",
    re.compile(r"the attribute `(\w+)` is obsolete"): r"^{0}\s*:",
    re.compile(r"env file (\S+) not found"): r"(?<![\w.-])(?:\./)?{0}(?![\w.-])",
}


def first_place(files: Files, complaints: Iterable[str]) -> Place | None:
    """The line that the first of these speaks of whose line is found."""
    return next((place for one in complaints if (place := _place(files, one))), None)


def _place(files: Files, complaint: str) -> Place | None:
    sources, directory = files.subject.files, files.subject.directory
    if (numbered := NUMBERED.search(complaint)) and len(sources) == 1:
        return place_in(sources[0], directory, int(numbered[1]))
    for kind, line in KINDS.items():
        if named := kind.search(complaint):
            wanted = re.compile(line.format(re.escape(named[1])))
            lines = ((file, at, text) for file in sources for at, text in enumerate(_lines(file.read_bytes()), 1))
            return next((place_in(file, directory, at) for file, at, text in lines if wanted.search(text)), None)
    return None


def _lines(text: bytes) -> list[str]:
    return [COMMENT.sub("", line) for line in text.decode(errors="replace").splitlines()]
