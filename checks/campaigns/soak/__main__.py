"""Many power cuts and SIGKILLs at random moments: `python -m checks.campaigns.soak --cuts 100 --kills 300`.

Or as many faults on random services, while somebody writes through the api: `--faults 200`.

Exit codes: 0 nothing lost, every service well, and every control lost something; 1 something acknowledged was lost, or
a service did not come back, or one was restarted that should not have been; 2 undecided (interrupted, a control that
lost nothing, engine trouble); 3 unusable arguments; 10 the project asks for more than it may.
"""

import os
import secrets
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from checks.campaigns.fault_matrix.matrix import tried
from checks.campaigns.soak.fault_soak import soaked
from checks.campaigns.soak.faults import FaultFolder, FaultPlan, is_of_faults
from checks.campaigns.soak.folder import at_work_on, take_up
from checks.campaigns.soak.outages import Kind, Outage, OutageFolder, Plan, Soak, Step, concluded, steps
from checks.campaigns.soak.picture import PICTURE, SUMMARY, as_markdown, as_svg
from checks.campaigns.soak.stint import Stint
from checks.core.cli import UNUSABLE, Parser, UnusableError
from checks.core.codec import UnfitError
from checks.core.evidence import EvidenceError, said_in_a_sentence, seal
from checks.core.run import now
from checks.core.verdict import Verdict
from checks.harness import trusting
from checks.harness.snapshot import describe, keep_what_was_said
from checks.requirements.r3_durability.observe.power_cut import on_a_disk_of_ours
from checks.subject import profile, workspace
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from checks.subject.trust import Trust, UntrustedError
from stack import SHIPPED
from stack.driver import engine, reaper, session
from stack.driver.errors import EngineError, SubjectError
from stack.driver.progress import Progress
from stack.driver.session import Session

EXIT_CODES = {Verdict.PROVEN: 0, Verdict.VIOLATED: 1, Verdict.UNDECIDED: 2}
CUTS, KILLS = 100, 300
TOLD_EVERY = 10  # outages, where no terminal shows each
REASONS_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for: a new soak, or an earlier one to go on with."""

    stack: Path
    trust: Trust
    evidence: Path
    plan: Plan | FaultPlan
    resume: Path | None


def main(arguments: list[str] | None = None) -> int:
    """Soak as the command line says, and give the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        folder, tested = _begun(asked_for(arguments))
        with at_work_on(folder.path):
            return _soaked(folder, tested)
    except (UnusableError, UnfitError) as error:
        sys.stderr.write(f"error: {error}\nhint: `nox -s soak -- --cuts 5 --kills 5`, or `-- --resume DIR`\n")
        return UNUSABLE
    except (SubjectError, EvidenceError, UntrustedError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _soaked(folder: OutageFolder | FaultFolder, tested: Subject) -> int:
    if isinstance(folder, FaultFolder):
        return EXIT_CODES[soaked(folder, tested)]
    found = folder.soak()
    trouble = _worked(folder, tested) if found.left or not found.run.end else ""
    soak = _shown(folder)
    _tell(soak, folder, trouble)
    return EXIT_CODES[concluded(soak)[0]]


def asked_for(arguments: list[str] | None) -> Asked:
    """Read the command line."""
    parser = Parser(prog="python -m checks.campaigns.soak", description=__doc__)
    parser.add_argument("--stack", type=Path, metavar="DIR", help="the Compose project (default: the shipped one)")
    parser.add_argument("--cuts", type=int, metavar="N", help=f"power cuts (default: {CUTS})")
    parser.add_argument("--kills", type=int, metavar="N", help=f"SIGKILLs (default: {KILLS})")
    parser.add_argument("--faults", type=int, metavar="N", help="faults on random services, in place of those")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted soak, as it was planned")
    parser.add_argument("--evidence", type=Path, metavar="DIR", default=Path("evidence"), help="where its folder goes")
    trusting.add_options(parser.add_argument)
    given = parser.parse_args(arguments)
    if given.resume and (given.stack, given.cuts, given.kills, given.faults) != (None, None, None, None):
        raise UnusableError("a soak goes on as it was planned: --resume takes no --stack, --cuts, --kills or --faults")
    return Asked(
        stack=given.stack or SHIPPED,
        trust=trusting.given(given),
        evidence=given.evidence,
        plan=_plan(given),
        resume=given.resume,
    )


def _plan(given: Namespace) -> Plan | FaultPlan:
    if given.faults is not None:
        if (given.cuts, given.kills) != (None, None) or given.faults < 1:
            raise UnusableError("a soak of faults takes at least one, and no --cuts or --kills")
        return FaultPlan(seed=secrets.randbits(32), faults=given.faults)
    cuts, kills = CUTS if given.cuts is None else given.cuts, KILLS if given.kills is None else given.kills
    if cuts < 1 or kills < 0:
        raise UnusableError("a soak takes at least one power cut, and no negative number of kills")
    return Plan(seed=secrets.randbits(32), cuts=cuts, kills=kills)


def _begun(asked: Asked) -> tuple[OutageFolder | FaultFolder, Subject]:
    """The folder, new or as it was left, and the Compose project that it is about."""
    if asked.resume is None:
        tested = _trusted(asked.stack, asked.trust)
        if isinstance(asked.plan, FaultPlan):
            return FaultFolder.of(asked.evidence, asked.plan, tested), tested
        return OutageFolder.of(asked.evidence, asked.plan, tested), tested
    take_up(asked.resume)
    folder = (FaultFolder if is_of_faults(asked.resume) else OutageFolder)(asked.resume)
    folder.soak()  # or it is unfit
    return folder, _trusted(Path(folder.run.subject or SHIPPED), asked.trust)


def _trusted(path: Path, trust: Trust) -> Subject:
    """The project there; raises UntrustedError where it would do more than it may."""
    found = profile.read(path, trust)
    trusting.require(found)
    return found


def _worked(folder: OutageFolder, tested: Subject) -> str:
    """Do what is left, and search the folder for secrets; gives what ended it before its time, '' if nothing did."""
    trouble = tried(lambda: _go_on(folder, tested))
    with reaper.uninterrupted():
        if trouble:
            folder.note(f"stopped at {now()}: {trouble.splitlines()[0]}")
        folder.end()
    return trouble


def _go_on(folder: OutageFolder, tested: Subject) -> None:
    """Do what is left of the plan; on another fresh stack where one did not come back, or its disk fills up."""
    if not folder.soak().left:
        return
    versions = engine.require()
    with Progress() as progress, session.begun() as run, engine.watched() as still_there:
        told = SoakProgress(progress, folder.soak())
        while left := folder.soak().left:
            folder.note(f"fresh stack at {now()}, engine {versions.engine}")
            with _fresh(folder, tested, progress, run) as stack, on_a_disk_of_ours(stack) as found:
                stint = Stint(stack, found, Random(left[0].number))  # noqa: S311 - not for secrets
                for one in _outages(stint, left):
                    if not one.seen.back and not still_there():
                        raise EngineError("the Docker engine went away, so what was seen then decides nothing")
                    folder.happened(one)
                    told.tell(one)


def _outages(stint: Stint, planned: tuple[Step, ...]) -> Iterator[Outage]:
    """What happens, for as long as the stack is fit for it."""
    for step in planned:
        yield (one := stint.go_through(step))
        if not stint.may_go_on(one):
            return


@contextmanager
def _fresh(folder: OutageFolder, tested: Subject, progress: Progress, run: Session) -> Iterator[Stack]:
    """A fresh stack, its secrets hidden before it starts; what its containers said is kept if it ends in trouble."""
    well = False

    def hide(stack: Stack) -> None:
        folder.hide(*stack.secrets().values())

    def last_look(stack: Stack) -> bool:
        if not well:
            keep_what_was_said(stack, folder)
        return False

    with workspace.fresh(tested, progress, run, hide, last_look=last_look) as stack:
        describe(stack, folder)
        yield stack
        well = not any(one.lost or not one.seen.back for one in folder.soak().outages if not one.step.policy)


class SoakProgress:
    """How far a soak is: a live line in a terminal, a plain one now and then elsewhere."""

    def __init__(self, progress: Progress, soak: Soak) -> None:
        self._progress, self._planned, self._done, self._here = progress, len(steps(soak.plan)), len(soak.outages), 0
        self._began = time.monotonic()
        self._lost = sum(one.lost for one in soak.outages if not one.step.policy)

    def tell(self, one: Outage) -> None:
        """One more has happened."""
        self._done, self._here = self._done + 1, self._here + 1
        self._lost += 0 if one.step.policy else one.lost
        if self._progress.console.is_terminal or self._done % TOLD_EVERY == 0:
            to_go = (time.monotonic() - self._began) / self._here * (self._planned - self._done)
            self._progress.show("soak", f"{self._done} of {self._planned}, {self._lost} lost, {to_go:.0f} s to go")
        if not one.step.policy and (one.lost or not one.seen.back):
            back = "" if one.seen.back else ", and Redis did not come back"
            self._progress.say(f"{one.step.kind} {one.step.number} while {one.step.moment}: {one.lost} lost{back}")


def _shown(folder: OutageFolder) -> Soak:
    """Write the summary and the picture, and list the digests of all."""
    with reaper.uninterrupted():
        soak = folder.soak()
        with said_in_a_sentence(folder.path):
            (folder.path / SUMMARY).write_text(as_markdown(soak), encoding="utf-8")
            (folder.path / PICTURE).write_text(as_svg(soak), encoding="utf-8")
            seal(folder.path)
    return soak


def _tell(soak: Soak, folder: OutageFolder, trouble: str) -> None:
    verdict, reasons = concluded(soak)
    rows = (soak.of(Kind.CUT), soak.of(Kind.KILL), *soak.rows[1:])
    lines = [f"appendfsync {row.label}: {row}" for row in rows if row.outages]
    lines += [f"reason: {reason}" for reason in reasons[:REASONS_TOLD]]
    sys.stdout.write("\n".join([*lines, f"verdict: {verdict}", f"report: {folder.path / SUMMARY}"]) + "\n")
    if trouble:
        hint = f"`nox -s soak -- --resume {os.path.relpath(folder.path)}` goes on with it"
        sys.stderr.write(f"{trouble}\nhint: {hint}\n")


if __name__ == "__main__":
    sys.exit(main())
