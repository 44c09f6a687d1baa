"""The fault matrix as a table, and what it says of the declared bounds."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

from checks.campaigns.fault_matrix.matrix import AIM, FAULTS, WORDS, Cell, Fault, Ground
from checks.core.codec import as_data
from checks.requirements.r9_self_healing.judge.healing import Comeback, Healing
from checks.requirements.r9_self_healing.judge.left_alone import LeftAlone


def exit_code(cells: Sequence[Cell]) -> int:
    """1 where a rule was broken, else 2 where a cell could not be evaluated, else 0."""
    if any(cell.broken for cell in cells):
        return 1
    return 2 if any(cell.trouble for cell in cells) else 0


def table(ground: Ground, cells: Sequence[Cell]) -> str:
    """Markdown: a row per fault, a column per service, seconds from the fault to healthy again; and what to know."""
    faults = [fault for fault in FAULTS if any(cell.fault == fault for cell in cells)]
    lines = ["| healed in s | " + " | ".join(ground.services) + " |", "|---|" + "---|" * len(ground.services)]
    for fault in faults:
        row = [
            in_short([one for one in cells if (one.fault, one.service) == (fault, name)]) for name in ground.services
        ]
        lines.append(f"| {WORDS[fault]} | " + " | ".join(row) + " |")
    return "\n".join([*lines, "", *notes(ground, cells)])


def in_short(cells: Sequence[Cell]) -> str:
    """One cell of the table: a median, with its phases, or what else there is to say."""
    if not cells:
        return ""
    if any(cell.broken for cell in cells):
        return f"**{', '.join(sorted({rule for cell in cells for rule in cell.broken}))}**"
    if any(cell.trouble for cell in cells):
        return "undecided"
    if cells[0].nothing_there:
        return "-"
    if any(isinstance(cell.seen, LeftAlone) for cell in cells):
        return "left alone"
    healed = [cell for cell in cells if cell.seconds is not None]
    if not healed:
        return "not noticed"
    unnoticed = len(cells) - len(healed)
    sometimes = f", not noticed {unnoticed} of {len(cells)} times" if unnoticed else ""
    return f"{statistics.median(cell.seconds or 0.0 for cell in healed):.1f} ({_split(healed)}){sometimes}"


def _split(healed: Sequence[Cell]) -> str:
    """'4.1 + 1.2 + 0.5': the median of each phase."""
    phases = [cell.seen.phases for cell in healed if isinstance(cell.seen, Healing | Comeback)]
    return " + ".join(f"{statistics.median(one[name] for one in phases):.1f}" for name in phases[0])


def notes(ground: Ground, cells: Sequence[Cell]) -> list[str]:
    """What the figures are, the worst of them against its bound, and what was not noticed or cannot be."""
    split = "all (detect + restart + recover; of what ends by itself: restart + recover)"
    found = [
        f"Median of {how_often(cells)}: {split}; made sick after a run of {ground.rest:.0f} s at least.",
        f"Docker Engine {ground.engine}, kernel {ground.kernel}.",
    ]
    bounded = [cell for cell in cells if cell.seconds is not None and cell.bound_s]
    if bounded:
        worst = max(bounded, key=lambda cell: (cell.seconds or 0.0) - (cell.bound_s or 0.0))
        found.append(
            f"Nearest to its bound, or furthest beyond: {worst.service}, {WORDS[worst.fault]}: {worst.seconds:.1f} s "
            f"of the {worst.bound_s:.1f} s that its settings declare, its own start not counted."
        )
    found += _against_the_aim(cells)
    unnoticed = {(cell.fault, cell.service) for cell in cells if isinstance(cell.seen, Healing) and cell.seen.unnoticed}
    found += [f"Not noticed: {name}, {WORDS[fault]}: its health check passes." for fault, name in sorted(unnoticed)]
    nothing = {(cell.fault, cell.service): cell.nothing_there for cell in cells if cell.nothing_there}
    found += [f"-: {name}, {WORDS[fault]}: {why.rpartition(': ')[2]}." for (fault, name), why in nothing.items()]
    troubled = {(cell.fault, cell.service): cell.trouble for cell in cells if cell.trouble}
    found += [f"Undecided: {name}, {WORDS[fault]}: {why}" for (fault, name), why in troubled.items()]
    return found


def _against_the_aim(cells: Sequence[Cell]) -> Iterator[str]:
    """How many medians keep to what is declared for finding the fault out and two seconds, and which do not."""
    seen: dict[tuple[str, Fault], list[Cell]] = {}
    for cell in cells:
        if isinstance(cell.seen, Healing) and cell.seconds is not None:
            seen.setdefault((cell.service, cell.fault), []).append(cell)
    medians = {of: statistics.median(cell.seconds or 0.0 for cell in group) for of, group in seen.items()}
    declared = {
        of: max(one.seen.bound_s for one in group if isinstance(one.seen, Healing)) for of, group in seen.items()
    }
    beyond = {of: seconds for of, seconds in medians.items() if seconds > declared[of] + AIM}
    if medians:
        yield (
            f"Within what the health check's settings declare for finding it out, and {AIM:.0f} s: "
            f"{len(medians) - len(beyond)} of {len(medians)} medians."
        )
    for (service, fault), seconds in beyond.items():
        bound = f"{declared[service, fault]:.1f} + {AIM:.0f} s"
        yield f"Beyond that: {service}, {WORDS[fault]}: {seconds:.1f} s of {bound}."


def how_often(cells: Sequence[Cell]) -> str:
    """How often each was seen: '5', or '1 to 2' where it ended before its time."""
    counts = Counter((cell.fault, cell.service) for cell in cells).values() or [0]
    return str(max(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def as_json(ground: Ground, cells: Sequence[Cell]) -> str:
    """Everything, a cell an entry."""
    told = [as_data(cell) | {"seconds": cell.seconds, "broken": list(cell.broken)} for cell in cells]
    return json.dumps(as_data(ground) | {"cells": told}, indent=2) + "\n"
