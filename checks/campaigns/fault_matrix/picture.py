"""What `nox -s healing -- --json FILE` saw, as a table and a picture: `... fault_matrix.picture A.json B.json`.

The files may be of different services: a long run can be done in parts, one after another or at the same time. The
picture goes beside this module. Exit codes: 0 shown; 3 a file that cannot be used.
"""

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from checks.campaigns.fault_matrix.matrix import FAULTS, WORDS, Cell, Fault, Ground
from checks.campaigns.fault_matrix.table import how_often, in_short, table
from checks.core.cli import UNUSABLE, UnusableError
from checks.core.codec import UnfitError, read_as
from checks.requirements.r9_self_healing.judge.healing import Comeback, Healing

PICTURE = Path(__file__).with_name("picture.svg")
PHASES = ("detect", "restart", "recover")
WIDTH, LEFT_EDGE, TOP, ROW, GAP = 860, 200, 92, 24, 12
BAR = 11  # high
OURS = frozenset({"seconds", "broken"})  # what the file tells beside what was seen


@dataclass(frozen=True, kw_only=True)
class Part:
    """One phase of a bar: the median of all times it was seen."""

    name: str
    x: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Box:
    """One fault on one service: a bar, the longest of all times, or a few words where there is no bar."""

    x: float
    y: int
    parts: tuple[Part, ...]
    bound: float | None
    longest: float | None
    words: str
    whole: str  # all of it, for who points at it


@dataclass(frozen=True, kw_only=True)
class Column:
    """One service, and the seconds that its health check's own settings declare for finding a fault out."""

    name: str
    x: float
    bound: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Show what the files tell."""
    try:
        ground, cells = together([read(Path(name)) for name in (sys.argv[1:] if arguments is None else arguments)])
    except UnusableError as problem:
        sys.stderr.write(f"error: {problem}\nhint: name files that `nox -s healing -- --json FILE` has written\n")
        return UNUSABLE
    PICTURE.write_text(as_svg(ground, cells), encoding="utf-8")
    sys.stdout.write(f"{table(ground, cells)}\n\npicture: {PICTURE}\n")
    return 0


def read(path: Path) -> tuple[Ground, list[Cell]]:
    """What one file tells; raises UnusableError where it is none of those that are meant."""
    try:
        told = json.loads(path.read_text("utf-8"))
        cells = [{name: value for name, value in cell.items() if name not in OURS} for cell in told.pop("cells")]
        return read_as(Ground, json.dumps(told)), [read_as(Cell, json.dumps(cell)) for cell in cells]
    except OSError as problem:
        raise UnusableError(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, KeyError, TypeError, AttributeError, UnfitError) as problem:
        raise UnusableError(f"{path} does not hold what was measured: {problem}") from problem


def together(files: Sequence[tuple[Ground, list[Cell]]]) -> tuple[Ground, list[Cell]]:
    """All files as one; raises UnusableError where they are not of parts of one run."""
    if not files:
        raise UnusableError("no file is named")
    grounds, cells = [ground for ground, _ in files], [cell for _, of_it in files for cell in of_it]
    if len({replace(ground, services=()) for ground in grounds}) > 1:
        raise UnusableError("the files are not of one subject, engine, kernel, number of times and rest")
    if len({(cell.round, cell.fault, cell.service) for cell in cells}) < len(cells):
        raise UnusableError("some cell is there twice")
    services = tuple(dict.fromkeys(name for ground in grounds for name in ground.services))
    return replace(grounds[0], services=services), cells


def as_svg(ground: Ground, cells: Sequence[Cell]) -> str:
    """A bar for each fault on each service, to one scale."""
    environment = Environment(
        loader=PackageLoader("checks.campaigns.fault_matrix", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    faults = [fault for fault in FAULTS if any(cell.fault == fault for cell in cells)]
    place = (WIDTH - LEFT_EDGE - GAP) / max(len(ground.services), 1)
    bounds = {name: _bound(name, cells) for name in ground.services}
    top = 5 * ceil(max([1.0, *bounds.values(), *(cell.seconds or 0.0 for cell in cells)]) / 5)
    scale = (place - 2 * GAP) / top
    columns = [
        Column(name=name, x=round(LEFT_EDGE + place * at, 2), bound=bounds[name])
        for at, name in enumerate(ground.services)
    ]
    rows = [(WORDS[fault], TOP + ROW * at) for at, fault in enumerate(faults)]
    boxes = [
        box([cell for cell in cells if (cell.fault, cell.service) == (fault, column.name)], column, y, scale, fault)
        for fault, (_, y) in zip(faults, rows, strict=True)
        for column in columns
    ]
    return environment.get_template("picture.svg.j2").render(
        columns=columns, rows=rows, boxes=boxes, width=WIDTH, height=TOP + ROW * len(rows) + 44, bar=BAR, phases=PHASES,
        top=top, scale=scale, bottom=TOP + ROW * len(rows), times=how_often(cells),
    ) + "\n"  # fmt: skip


def box(cells: Sequence[Cell], column: Column, y: int, scale: float, fault: Fault) -> Box:
    """One cell of the picture."""
    seconds = [cell.seconds for cell in cells if cell.seconds is not None]
    whole = in_short(cells) or "not seen"
    drawn = seconds and not any(cell.broken or cell.trouble for cell in cells)
    parts = tuple(_parts(cells, column.x, scale)) if drawn else ()
    words = (
        f"{len(seconds)} of {len(cells)}" if parts and len(seconds) < len(cells) else "" if parts else whole.strip("*-")
    )
    return Box(
        x=column.x,
        y=y,
        parts=parts,
        bound=round(column.x + column.bound * scale, 2)
        if parts and "detect" in {part.name for part in parts}
        else None,
        longest=round(column.x + max(seconds) * scale, 2) if parts else None,
        words=words,
        whole=f"{column.name}, {WORDS[fault]}: {whole}",
    )


def _parts(cells: Sequence[Cell], x: float, scale: float) -> Iterator[Part]:
    phases = [cell.seen.phases for cell in cells if isinstance(cell.seen, Healing | Comeback)]
    healed = [one for one in phases if "recover" in one]
    for name in PHASES:
        if of_it := [one[name] for one in healed if name in one]:
            width = statistics.median(of_it) * scale
            yield Part(name=name, x=round(x, 2), width=round(width, 2))
            x += width


def _bound(service: str, cells: Sequence[Cell]) -> float:
    """What is declared for finding a fault out; 0 where nothing of the kind was tried."""
    found = [cell.seen.bound_s for cell in cells if cell.service == service and isinstance(cell.seen, Healing)]
    return max(found, default=0.0)


if __name__ == "__main__":
    sys.exit(main())
