"""What a change cannot have touched need not run again: it rests on the evidence of an earlier run.

What a requirement's verdict depends on is told by one digest, which each run writes down. An earlier run counts only
where that digest, the engine and Compose are today's: nothing is ever called proven for other inputs. What looks at
files alone takes seconds, and always runs. Checks rest on a run that proved their requirement, mutations on one that
noticed every mutation of it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from checks.core import catalog, judging
from checks.core.evidence import LATEST
from checks.core.requirement import Requirement
from checks.core.results import JudgedRequirement
from checks.core.run import RUN, SUMS, Kind, Run
from checks.core.verdict import Verdict
from checks.harness.inputs import content_of, tree_digest
from checks.subject.profile import LEFT_OUT_ALWAYS, Subject
from stack import ROOT
from stack.driver.engine import Engine
from stack.driver.images.inspect import look_at
from stack.driver.images.sources import found_here

REQUIREMENTS = PurePosixPath("checks/requirements")
NO_MATTER = tuple(map(PurePosixPath, ("checks/report", "checks/campaigns", "checks/command", ".github", ".gitlab")))
"""Folders on which no verdict depends: they show verdicts, or run by themselves."""


class SinceError(Exception):
    """There is nothing to compare with."""


@dataclass(frozen=True, kw_only=True)
class Rest:
    """Requirements that are not run again, and the evidence that they rest on: a folder, and the digest of its sums."""

    kind: Kind
    requirements: tuple[str, ...]
    evidence: Path
    digest: str

    def told(self, ref: str) -> str:
        """In a sentence, where they were compared with this commit."""
        came_to = "proven" if self.kind is Kind.CHECK else "every mutation noticed"
        return (
            f"{', '.join(self.requirements)}: {came_to} in {self.evidence} ({SUMS} {self.digest[:19]}); nothing they "
            f"depend on has changed since, nor since {ref}, so only what looks at files alone ran again"
        )


def depends(subject: Subject) -> dict[str, str]:
    """{requirement of ours: one digest over all files that its verdict depends on}; {} outside of a git checkout."""
    if not (ROOT / ".git").exists():
        return {}
    contents = {path: content_of(ROOT / path)[0] for path in _listed(ROOT) if _matters(path)}
    elsewhere = "" if _is_ours(subject) else tree_digest(subject.root, LEFT_OUT_ALWAYS)
    return {one.id: _digest(_concerning(one, contents), contents, elsewhere) for one in catalog.read().requirements}


def rests(kind: Kind, ref: str, subject: Subject, engine: Engine | None, base: Path) -> list[Rest]:
    """Of checks or of mutations, what need not run again, by the evidence in `base`.

    Raises SinceError where git knows no commit `ref`, in this project or in the subject's.
    """
    changed = [path for path in _changed(ROOT, ref) if _matters(path)]
    if engine is None or (not _is_ours(subject) and _changed(subject.root, ref)):
        return []
    today = depends(subject)
    left = {one.id: today[one.id] for one in catalog.read().requirements if not any(_concerning(one, changed))}
    return list(_found(kind, left, _runs(base, engine)))


def _found(kind: Kind, left: dict[str, str], runs: Iterable[tuple[Path, Mapping[str, Any]]]) -> Iterator[Rest]:
    """For {requirement: its digest} the newest runs that bear each; a run is judged once, and only if it can tell."""
    here = found_here()
    for folder, run in runs:
        same = {name for name, digest in left.items() if run.get("depends", {}).get(name) == digest}
        if same and not _moved(run, here) and (borne := _borne(kind, folder, same)):
            sums = hashlib.sha256((folder / SUMS).read_bytes()).hexdigest()
            yield Rest(kind=kind, requirements=borne, evidence=folder, digest=f"sha256:{sums}")
            for name in borne:
                del left[name]


def _borne(kind: Kind, folder: Path, names: Container[str]) -> tuple[str, ...]:
    """Which of these the run bears: whoever altered its evidence bears nothing."""
    judged = judging.judged_folder(folder)
    bears = _proven if kind is Kind.CHECK else _noticed
    return tuple(one.id for one in judged.requirements if one.id in names and judged.run and bears(one, judged.run))


def _proven(requirement: JudgedRequirement, _: Run) -> bool:
    """Whether all of its checks ran and proved it."""
    return requirement.verdict is Verdict.PROVEN and requirement.note is None


def _noticed(requirement: JudgedRequirement, run: Run) -> bool:
    """Whether all of its mutations ran, and each was noticed."""
    missing = any(one.kind is Kind.MUTATION and one.requirement == requirement.id for one in run.left_out)
    return bool(requirement.mutations) and not missing and all(one.noticed for one in requirement.mutations)


def _is_ours(subject: Subject) -> bool:
    return subject.root.is_relative_to(ROOT)


def _runs(base: Path, engine: Engine) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Earlier runs on this engine, newest first."""
    for file in sorted((one for one in base.glob(f"*/{RUN}") if one.parent.name != LATEST), reverse=True):
        run = json.loads(file.read_text("utf-8"))
        if all(run.get(key) == value for key, value in asdict(engine).items()):
            yield file.parent, run


def _moved(run: Mapping[str, Any], here: Iterable[str]) -> bool:
    """Whether a name that it used stands for another image now; what was built for its copies alone has gone."""
    then = {one["name"]: one["digest"] for one in run.get("images", ()) if one["name"] in here}
    now = look_at({name: name for name in then}) if then else {}
    return any(image.digest != then[name] for name, image in now.items())


def _concerning(requirement: Requirement, paths: Iterable[PurePosixPath]) -> Iterator[PurePosixPath]:
    """Of the project's files those that the requirement depends on: all but the folders of others."""
    own = REQUIREMENTS / requirement.folder.name
    return (path for path in paths if not path.is_relative_to(REQUIREMENTS) or path.is_relative_to(own))


def _matters(path: PurePosixPath) -> bool:
    if path.suffix == ".md" or {"tests", *LEFT_OUT_ALWAYS} & set(path.parts):
        return False
    return not any(path.is_relative_to(folder) for folder in NO_MATTER)


def _digest(paths: Iterable[PurePosixPath], contents: Mapping[PurePosixPath, str], elsewhere: str) -> str:
    told = "".join(f"{str(path)!r} {contents[path]}\n" for path in sorted(paths)) + elsewhere
    return f"sha256:{hashlib.sha256(told.encode(errors='surrogateescape')).hexdigest()}"


def _listed(root: Path) -> list[PurePosixPath]:
    """Every file of a checkout but those that git ignores."""
    return _paths(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")


def _changed(root: Path, ref: str) -> list[PurePosixPath]:
    """What differs from a commit, and what git does not know yet."""
    new = _paths(root, "ls-files", "--others", "--exclude-standard", "-z")
    return [*_paths(root, "diff", "--name-only", "--relative", "-z", ref, "--", "."), *new]


def _paths(root: Path, *words: str) -> list[PurePosixPath]:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["git said nothing"])[0]
        raise SinceError(f"--since compares with a commit, and git does not know it in {root}: {said}")
    return [PurePosixPath(name) for name in done.stdout.split("\0") if name]
