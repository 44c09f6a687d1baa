"""Apply every patch that `remedy` prints to every shape: `python -m checks.campaigns.subjects.remedied [SHAPE ...]`.

Each is to have its rule kept, and to break no other, by the files alone. The tests do so for a few; `nox -s subjects`
for all.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from checks.campaigns.subjects import shapes
from checks.harness import remedy
from checks.harness.declared import violated
from checks.subject import profile
from checks.subject.standing import standing

RULE = re.compile(r"# R\d+ (\S+): ")
OF_THE_HEALER = {"restarted"}  # told where nobody heals, and seen only in what runs
BY_A_PERSON = {  # what no change to files alone mends; every other rule that a shape breaks gets a patch in some shape
    "multi-stage", "default-user-off", "every-user-has-a-password", "nobody-may-do-everything", "redis-to-log-in-to",
    "images-carry-versions", "no-plaintext-password", "secret-nowhere-in-sight", "scrapes-the-metrics-route",
}  # fmt: skip


def broken(path: Path) -> set[str]:
    """The rules that a project's files break."""
    with standing(profile.read(path)) as files:
        return {rule for _, rule in violated(files)}


def named(told: str) -> set[str]:
    """Every rule that is told of."""
    return {found[1] for line in told.splitlines() if (found := RULE.match(line))} - OF_THE_HEALER


def patched(told: str) -> set[str]:
    """The rules whose line stands right above a patch."""
    lines = told.splitlines()
    above = [lines[at - 1] for at, line in enumerate(lines) if line.startswith("diff ")]
    return named("\n".join(above))


def applied(root: Path, told: str) -> None:
    """By git, in a repository of its own; of nothing git says that it is no patch."""
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    if patched(told):
        subprocess.run(["git", "apply", "-"], cwd=root, input=told, text=True, check=True)


def complaints(name: str) -> Iterator[str]:
    """What is not as it should be once a shape has its patches."""
    with shapes.laid_out(name) as subject:
        root = subject if subject.name == name else subject.parent
        before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        told = remedy.told(subject)
        if any(path.read_bytes() != content for path, content in before.items()):
            yield f"{name} was changed by asking for its remedies"
        applied(root, told)
        after = broken(subject)
    if both := patched(told) & after:
        yield f"{name}: still broken are {sorted(both)}"
    if new := after - named(told):
        yield f"{name}: newly broken are {sorted(new)}"
    if odd := patched(told) & BY_A_PERSON:
        yield f"{name}: only a person can mend {sorted(odd)}"


def main(names: list[str]) -> int:
    """Tell of each shape; 1 where something is not as it should be."""
    found = [complaint for name in names or shapes.NAMES for complaint in complaints(name)]
    sys.stdout.write("".join(f"{one}\n" for one in found) or "every patch mends its rule, and breaks no other\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
