"""A fresh stack that suffers one fault after another, while somebody writes through its api."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import requests

from checks.campaigns.fault_matrix.matrix import REST, WORDS, Seen, go_through, rest, tried
from checks.campaigns.soak.faults import FaultFolder, FaultSoak, FaultStep, Suffered, as_markdown, concluded
from checks.campaigns.soak.picture import SUMMARY
from checks.core.evidence import said_in_a_sentence, seal
from checks.core.run import now
from checks.core.verdict import Verdict
from checks.harness.snapshot import describe, keep_what_was_said
from checks.roles.api.client import Items
from checks.roles.load import Load, at_work
from checks.subject import workspace
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from stack.driver import engine
from stack.driver.errors import EngineError, NothingThereError, StackError
from stack.driver.progress import Progress
from stack.driver.reaper import uninterrupted
from stack.driver.session import Session, begun

WRITERS = 2
PACE, AGAIN = 0.05, 0.5  # seconds between writes; after one that failed, when the api may be elsewhere
ANSWER_SECONDS = 2.0
SAMPLE, LOOKED_AT = 20, 40  # writes of each fault that are kept; of those, how many are looked at after each later one
TOLD_EVERY = 10  # faults, where no terminal shows each
REASONS_TOLD = 5


class Sufferer:
    """One fresh stack, until it is fit for no more, and a sample of what was written to it."""

    def __init__(self, stack: Stack, chance: Random) -> None:
        self._stack, self._chance = stack, chance
        self._kept: dict[str, str] = {}

    def go_through(self, step: FaultStep) -> Suffered:
        """Have it suffer one fault, and count what that cost."""
        began, items = time.monotonic(), Items(self._stack)
        prefix = f"fault-{step.number}"
        with at_work(lambda load, number: _write(load, items, f"{prefix}-{number}"), WRITERS) as load:
            service, seen = self._befallen(step)
        unwell = tuple(self._stack.runner.unhealthy())
        written = dict(load.acknowledged)
        lost = () if unwell else tuple(items.lost(written | self._some(self._kept, LOOKED_AT)))
        self._kept |= self._some({key: data for key, data in written.items() if key not in lost}, SAMPLE)
        for key in lost:
            self._kept.pop(key, None)
        return Suffered(
            time=now(), step=step, service=service, seen=seen, unwell=unwell, acknowledged=len(written), lost=lost,
            took=round(time.monotonic() - began, 3),
        )  # fmt: skip

    def _befallen(self, step: FaultStep) -> tuple[str, Seen]:
        """Whom it befalls, and what became of that: the first that has what is to break, in an order of chance."""
        order = list(self._stack.project.services)
        Random(step.chance).shuffle(order)  # noqa: S311 - not for secrets
        for service in order:
            try:
                rest(self._stack, step.fault, service, REST)
                return service, go_through(self._stack, step.fault, service)
            except NothingThereError:
                continue
        raise StackError(f"no service has what is to break: {WORDS[step.fault]}")

    def _some(self, of: dict[str, str], count: int) -> dict[str, str]:
        return {key: of[key] for key in self._chance.sample(list(of), min(count, len(of)))}


def _write(load: Load, items: Items, prefix: str) -> None:
    """Store items one after another, wherever the api is by then, and go on through failures until the end."""
    number, door = 0, None
    with requests.Session() as session:
        while not load.over.is_set():
            number += 1
            key, data = f"{prefix}-{number}", f"value {number} of {prefix}"
            try:
                door = door or items.door()
                door.store(session, key, data, timeout=ANSWER_SECONDS).raise_for_status()
            except (requests.RequestException, StackError):
                door = None
                load.over.wait(AGAIN)
            else:
                load.acknowledged[key] = data
                load.over.wait(PACE)


def soaked(folder: FaultFolder, tested: Subject) -> Verdict:
    """Do what is left of the plan, tell what came of it, and give the verdict."""
    found = folder.soak()
    trouble = tried(lambda: _go_on(folder, tested)) if found.left or not found.run.end else ""
    with uninterrupted():
        if trouble:
            folder.note(f"stopped at {now()}: {trouble.splitlines()[0]}")
        folder.end()
        soak = folder.soak()
        with said_in_a_sentence(folder.path):
            (folder.path / SUMMARY).write_text(as_markdown(soak), encoding="utf-8")
            seal(folder.path)
    _tell(soak, folder.path, trouble)
    return concluded(soak)[0]


def _go_on(folder: FaultFolder, tested: Subject) -> None:
    """Do what is left; on another fresh stack where one was not well in the end."""
    if not folder.soak().left:
        return
    versions = engine.require()
    with Progress() as progress, begun() as run, engine.watched() as still_there:
        while left := folder.soak().left:
            folder.note(f"fresh stack at {now()}, engine {versions.engine}")
            with _fresh(folder, tested, progress, run) as stack:
                sufferer = Sufferer(stack, Random(left[0].chance))  # noqa: S311 - not for secrets
                for step in left:
                    one = sufferer.go_through(step)
                    if not still_there():
                        raise EngineError("the Docker engine went away, so what was seen then decides nothing")
                    folder.happened(one)
                    _show(progress, folder.soak(), one)
                    if one.unwell:
                        break


@contextmanager
def _fresh(folder: FaultFolder, tested: Subject, progress: Progress, run: Session) -> Iterator[Stack]:
    """A fresh stack, its secrets hidden before it starts; what its containers said is kept if anything went wrong."""

    def hide(stack: Stack) -> None:
        folder.hide(*stack.secrets().values())

    def last_look(stack: Stack) -> bool:
        if concluded(folder.soak())[0] is not Verdict.PROVEN:
            keep_what_was_said(stack, folder)
        return False

    with workspace.fresh(tested, progress, run, hide, last_look=last_look) as stack:
        describe(stack, folder)
        yield stack


def _show(progress: Progress, soak: FaultSoak, one: Suffered) -> None:
    done = len(soak.suffered)
    if progress.console.is_terminal or done % TOLD_EVERY == 0:
        to_go = sum(each.took for each in soak.suffered) / done * len(soak.left)
        progress.show(
            "soak", f"{done} of {soak.plan.faults}, {soak.wrong} wrong, {soak.lost} lost, {to_go:.0f} s to go"
        )
    for told in (*one.wrong, *one.not_healed, *(f"{name} is not healthy" for name in one.unwell)):
        progress.say(f"{one}: {told}")
    if one.lost:
        progress.say(f"{one}: {len(one.lost)} acknowledged writes lost")


def _tell(soak: FaultSoak, path: Path, trouble: str) -> None:
    verdict, reasons = concluded(soak)
    lines = [str(soak), *(f"reason: {reason}" for reason in reasons[:REASONS_TOLD])]
    sys.stdout.write("\n".join([*lines, f"verdict: {verdict}", f"report: {path / SUMMARY}"]) + "\n")
    if trouble:
        sys.stderr.write(f"{trouble}\nhint: `nox -s soak -- --resume {os.path.relpath(path)}` goes on with it\n")
