"""How files would have to change for a subject to keep the rules that they show to be broken, as a patch for git.

Each change is made in a copy and judged there: it is told only if its rule is kept then, and no other is newly broken.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from checks.core import catalog
from checks.core.requirement import Rule
from checks.harness.declared import Violated, violated
from checks.harness.snapshot import services_by_role
from checks.report.findings import rule_of
from checks.subject import profile, workspace
from checks.subject.draft import Draft, NoPatchError, drafted
from checks.subject.lines import repository_of
from checks.subject.plain import plain
from checks.subject.profile import Subject
from checks.subject.standing import standing
from stack.driver.errors import SubjectError
from stack.driver.menu import task

NO_NEWLINE = "\\ No newline at end of file\n"
HEALER = f"""\
# R9 restarted: no service asks the engine, so that nothing restarts what is unhealthy. {task("healer --to DIR")} writes
#   our healer to DIR, inside of the project; then, in its Compose file:
#   | include: [DIR/compose.yaml]
"""
BY_ANOTHER = "the patch for another rule mends it as well"
NOTHING = "# the files violate no rule\n"


@dataclass(frozen=True, kw_only=True)
class Mended:
    """What was made of a broken rule: a patch that was tried, or the reason why there is none."""

    requirement: str
    rule: Rule
    snippet: str
    patch: str = ""
    why_not: str = ""


def told(path: Path) -> str:
    """All of it as text that `git apply` takes, each line that is no patch behind a `#`.

    Raises SubjectError for a project that cannot be used.
    """
    subject = profile.read(path)
    found = mended(subject)
    head = f"# for `git apply` in {repository_of(subject.directory) or subject.root}\n"
    without = [_told(one) for one in found if not one.patch]
    return "".join(
        [head if found else NOTHING, *without, *_healer(subject), *(_told(one) for one in found if one.patch)]
    )


def _healer(subject: Subject) -> Iterator[str]:
    """How to come by a healer, for a project in which nobody asks the engine: that files cannot do by a patch."""
    with standing(subject) as files, suppress(SubjectError):
        if not files.project.mounting_a_socket():
            yield HEALER


def _told(one: Mended) -> str:
    lines = [f"{one.requirement} {one.rule.name}: {one.rule.remedy}"]
    if not one.patch:
        lines += [f"  no patch: {one.why_not}", *(f"  | {line}" for line in one.snippet.strip().splitlines())]
    return "".join(f"# {plain(line)}\n" for line in lines) + one.patch


def mended(subject: Subject) -> list[Mended]:
    """Each broken rule with what was made of it; a patch stands on those before it.

    After each change its own requirement is judged anew, and all of them at the end. Should one of another requirement
    be newly broken then, all is done again, with a look at everything after each.
    """
    catalog.load_remedies(catalog.read())
    found, worse = _tried(subject, everything=False)
    return _tried(subject, everything=True)[0] if worse else found


def _tried(subject: Subject, *, everything: bool) -> tuple[list[Mended], bool]:
    """(what was made of each broken rule, whether another is newly broken)."""
    with tempfile.TemporaryDirectory(prefix="remedy-") as aside:
        trial = Trial(subject, Path(aside), everything=everything)
        before = trial.broken
        found = [trial.mended(*rule) for rule in tuple(before)]
        return found, not everything and bool(trial.judged().keys() - before.keys())


class Trial:
    """A copy of a subject that is changed rule by rule, and what is broken in it by now."""

    def __init__(self, subject: Subject, aside: Path, *, everything: bool) -> None:
        self._subject, self._aside, self._everything = subject, aside, everything
        self._copy = workspace.copied(subject, aside)
        with standing(self._copy) as files:
            self.broken = violated(files)
            self._services = services_by_role(files)

    def judged(self, *only: str) -> Violated:
        """What is broken in the copy as it is now, of these requirements or of all."""
        with standing(self._copy) as files:
            return violated(files, *only)

    def mended(self, requirement: str, name: str) -> Mended:
        """What comes of a rule that was broken at first; the copy keeps what was patched."""
        rule = rule_of(catalog.read().by_id[requirement], name)
        told = Mended(requirement=requirement, rule=rule, snippet=rule.snippet_for(self._services))
        try:
            return replace(told, patch=self._patch((requirement, name)))
        except NoPatchError as problem:
            return replace(told, why_not=str(problem))

    def _patch(self, rule: tuple[str, str]) -> str:
        if rule not in self.broken:
            raise NoPatchError(BY_ANOTHER)
        with standing(self._copy) as files:
            draft = Draft(files)
            try:
                drafted(rule[1], draft, self.broken[rule])
                self.broken = self._kept(rule)
            except NoPatchError:
                draft.undo()
                raise
        return patch_of(draft, self._aside, self._subject)

    def _kept(self, rule: tuple[str, str]) -> Violated:
        """What is broken now; raises NoPatchError where the rule still is, or another has become so."""
        only = () if self._everything else (rule[0],)
        others = {} if self._everything else {one: seen for one, seen in self.broken.items() if one[0] != rule[0]}
        after = {**others, **self.judged(*only)}
        if rule in after:
            raise NoPatchError("what files can change does not mend all of it")
        if worse := sorted(name for _, name in after.keys() - self.broken.keys()):
            raise NoPatchError(f"what mends it breaks {', '.join(worse)}")
        return after


def patch_of(draft: Draft, aside: Path, subject: Subject) -> str:
    """What was changed, in git's own form, by paths from the root of its repository, or of what belongs to it.

    Raises NoPatchError where it was changed already.
    """
    root = repository_of(subject.directory) or subject.root
    told = "".join(
        _diff(os.path.relpath(subject.root / path.relative_to(aside), root), before or "", draft.text(path), before)
        for path, before in draft.before.items()
    )
    if not told:
        raise NoPatchError(BY_ANOTHER)
    return told


def _diff(name: str, old: str, new: str, before: str | None) -> str:
    if old == new:
        return ""
    there, here = ("/dev/null" if before is None else f"a/{name}"), f"b/{name}"
    if " " in name:  # as git marks where such a name ends
        there, here = f"{there}\t", f"{here}\t"
    lines = difflib.unified_diff(_lines(old), _lines(new), there, here)
    marked = (line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in lines)
    made = "new file mode 100644\n" if before is None else ""
    return f"diff --git a/{name} b/{name}\n{made}{''.join(marked)}"


def _lines(text: str) -> list[str]:
    """Each with its end, which is a line feed and nothing else."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rsplit("\n", 1)[-1]) else [])
