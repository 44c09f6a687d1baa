"""A soak shown: lost writes per power cut as a picture, and everything in a page of Markdown."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, log10

from jinja2 import Environment, PackageLoader, StrictUndefined

from checks.campaigns.soak.outages import Kind, Row, Soak, concluded, steps
from checks.requirements.r3_durability.judge.power_cut import NOT_SHOWN, Moment

PICTURE, SUMMARY = "picture.svg", "summary.md"
WIDTH, LEFT, RIGHT = 760, 56, 744
TOP, PANEL, PLOT = 62, 164, 84  # of the first panel; from panel to panel; of a plot in it
WIDEST = 26.0
LABELLED = 15  # bars, at most: the numbers of more would overlap
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One power cut: a bar, or a dot where it cost nothing."""

    x: float
    width: float
    height: float
    lost: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The power cuts under one policy."""

    title: str
    words: str
    base: int  # where nothing is lost
    marks: tuple[Mark, ...]


def as_svg(soak: Soak) -> str:
    """Draw lost writes per power cut, for the subject and for its controls, to one scale."""
    environment = Environment(
        loader=PackageLoader("checks.campaigns.soak", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    top = ceiling(max((one.lost for row in soak.rows for one in row.outages), default=0))
    panels = [panel(row, number, top, _beside(soak) if number == 0 else "") for number, row in enumerate(soak.rows)]
    return environment.get_template("picture.svg.j2").render(
        panels=panels, top=top, width=WIDTH, left=LEFT, right=RIGHT, plot=PLOT, height=TOP + PANEL * len(panels) + 18,
        description=". ".join(f"{one.title}: {one.words}" for one in panels), not_shown=NOT_SHOWN,
    ) + "\n"  # fmt: skip


def panel(row: Row, number: int, top: float, beside: str) -> Panel:
    """Lay the power cuts of a row out side by side."""
    place = (RIGHT - LEFT) / max(len(row.outages), 1)
    width = min(0.7 * place, WIDEST)
    marks = tuple(
        Mark(
            x=round(LEFT + place * (at + 0.5) - width / 2, 2),
            width=round(width, 2),
            height=round(PLOT * one.lost / top, 2),
            lost=one.lost,
            label=f"{one.lost:,}" if len(row.outages) <= LABELLED else "",
        )
        for at, one in enumerate(row.outages)
    )
    words = f"{row}{beside}"
    return Panel(title=f"appendfsync {row.label}", words=words, base=TOP + PANEL * number + PLOT + 58, marks=marks)


def ceiling(most: int) -> float:
    """A round number that is no less."""
    if most <= 0:
        return 1
    magnitude: float = 10.0 ** floor(log10(most))
    return next(step * magnitude for step in STEPS if step * magnitude >= most)


def _beside(soak: Soak) -> str:
    kills = soak.of(Kind.KILL)
    return f"; {kills}" if kills.outages else ""


def as_markdown(soak: Soak) -> str:
    """Show a soak where Markdown is read."""
    parts = [f"# Soak: {concluded(soak)[0]}", *_told(soak), _table(soak), _by_moment(soak)]
    parts += [f"![Acknowledged writes lost in each power cut]({PICTURE})", f"{NOT_SHOWN}."]
    return "\n\n".join(parts) + "\n"


def _told(soak: Soak) -> Iterator[str]:
    run, reasons = soak.run, concluded(soak)[1]
    if reasons or run.notes:
        yield "\n".join(f"- {one}" for one in (*reasons, *run.notes))
    engine = f"engine {run.engine}, Compose {run.compose}"
    where = f"Subject `{run.subject}`, commit {run.commit}, {engine}; seed {soak.plan.seed}, {run.start} to {run.end}"
    took = sum(one.took for one in soak.outages)
    again = sum(one.looked_at_again for one in soak.outages)
    how_many = f"{len(soak.outages)} of {len(steps(soak.plan))} outages in {took:.0f} s"
    yield f"{where}. {how_many}; {again:,} times a write of before an earlier outage was looked at again."


def _table(soak: Soak) -> str:
    head = (
        "| appendfsync | outages | met Redis at work | acknowledged | of these through the api | lost | median s |\n"
        "|---|---|---|---|---|---|---|"
    )
    rows = (soak.of(Kind.CUT), soak.of(Kind.KILL), *soak.rows[1:])
    return "\n".join([head, *(_row(row) for row in rows if row.outages)])


def _row(row: Row) -> str:
    cells = (row.label, row.count, row.in_the_middle, f"{row.acknowledged:,}", f"{row.through_api:,}")
    return "| " + " | ".join(map(str, (*cells, f"{row.lost:,}", f"{row.seconds:.2f}"))) + " |"


def _by_moment(soak: Soak) -> str:
    """The outages of the subject by what Redis was doing."""
    head = "| while Redis was | power cuts | SIGKILLs | acknowledged | lost |\n|---|---|---|---|---|"
    return "\n".join([head, *(_moment(soak, moment) for moment in Moment)])


def _moment(soak: Soak, moment: Moment) -> str:
    cuts, kills = ([one for one in soak.of(kind).outages if one.step.moment is moment] for kind in Kind)
    every = Row(label=moment, outages=(*cuts, *kills))
    return f"| {moment} | {len(cuts)} | {len(kills)} | {every.acknowledged:,} | {every.lost:,} |"
