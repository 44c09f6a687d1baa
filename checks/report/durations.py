"""How long what the checks saw took, against what was declared: durations, and where they stand in a picture."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from checks.core.results import Result
from checks.core.run import Record
from checks.report.naming import spoken

AT_MOST_TICKS = 8
COLOURS = 6  # that report.css has for phases
NAMED_BY = {"service": "{}", "name": "{}", "fault": "{}", "healer": "{} away"}  # fields that tell whose bar it is
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A part of a bar: from where, how far, in percent of the picture's width."""

    name: str
    seconds: float
    start: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Durations end to end, against a bound where one was declared for the `bounded` ones; `missing` never came."""

    label: str
    spans: tuple[Span, ...]
    seconds: float
    bound_s: float | None
    bound: float | None
    bounded: tuple[str, ...]
    bounded_seconds: float
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark on the axis of seconds."""

    seconds: float
    place: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars to one scale; `bound` says what their marks are."""

    bars: tuple[Bar, ...]
    bound: str
    phases: tuple[str, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, kw_only=True)
class Took:
    """What took seconds: each phase by name, and the bound declared for the first ones."""

    label: str
    phases: Mapping[str, float]
    bound_s: float | None = None
    bounded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What the checks of a requirement measured against declared bounds, as one kind of observation."""

    requirement: str
    kind: str
    chart: Chart


def took(data: object, label: str = "") -> Iterator[Took]:
    """Find what took time in an observation: `phases` by name in seconds, with or without `bound_s`.

    The bound is for the first phase, or for those named in `bounded`.
    """
    match data:
        case {"phases": dict() as phases, **others}:
            yield _took(others, _seconds(phases), label)
        case dict():
            for key, value in data.items():
                yield from took(value, key)
        case list():
            for value in data:
                yield from took(value, label)


def measured(records: Iterable[Record]) -> list[Took]:
    """What took time in several observations."""
    return [row for record in records for row in took(record.data, spoken(record.kind))]


def colours(report: Result) -> dict[str, int]:
    """A number for each phase that was measured, so that it has one colour all over the page."""
    names = sorted({name for row in measured(report.records) for name in row.phases})
    return {name: number % COLOURS for number, name in enumerate(names)}


def chart(durations: Sequence[Took], longest: float | None = None) -> Chart:
    """Lay each of them out as a bar, to the scale of the longest, which may be of another chart beside this one."""
    longest = longest_of(durations) if longest is None else longest
    phases = tuple(dict.fromkeys(name for row in durations for name in row.phases))
    return Chart(
        bars=tuple(_bar(row, phases, longest) for row in durations),
        bound=_bound([row.bounded for row in durations if row.bound_s is not None]),
        phases=phases,
        ticks=ticks(longest),
    )


def longest_of(durations: Iterable[Took]) -> float:
    """The longest of all durations and bounds."""
    return max((max(sum(row.phases.values()), row.bound_s or 0.0) for row in durations), default=0.0)


def overview(report: Result) -> list[Overview]:
    """What checks measured against declared bounds: a chart for each kind of observation, all to one scale."""
    owners = {check.name: requirement for requirement in report.requirements for check in requirement.checks}
    found: dict[tuple[str, str], list[Took]] = {}
    for record in report.records:
        rows = [row for row in measured([record]) if row.bound_s is not None]
        if rows and record.name in owners:
            found.setdefault((owners[record.name].id, record.kind), []).extend(rows)
    longest = longest_of(row for rows in found.values() for row in rows)
    return [
        Overview(requirement=requirement, kind=kind, chart=chart(sorted(rows, key=lambda row: row.label), longest))
        for (requirement, kind), rows in sorted(found.items())
    ]


def ticks(longest: float) -> tuple[Tick, ...]:
    """Round seconds along an axis that ends at the longest."""
    step = next((step for step in STEPS if longest / step <= AT_MOST_TICKS), longest / AT_MOST_TICKS)
    count = ceil(longest / step) if step else 0
    return tuple(Tick(seconds=number * step, place=100 * number * step / longest) for number in range(count))


def _took(data: Mapping[object, object], phases: Mapping[str, float], label: str) -> Took:
    match data.get("bounded"):
        case [*names]:
            bounded = tuple(map(str, names))
        case _:
            bounded = tuple(phases)[:1]
    return Took(label=_label(data, label), phases=phases, bound_s=_number(data.get("bound_s")), bounded=bounded)


def _bound(bounded: Sequence[tuple[str, ...]]) -> str:
    told = next(filter(None, bounded), ())
    return f"declared bound{' of ' if told else ''}{' + '.join(told)}" if bounded else ""


def _bar(row: Took, phases: Iterable[str], longest: float) -> Bar:
    scale = 100 / (longest or 1.0)
    spans, start = [], 0.0
    for name, seconds in row.phases.items():
        spans.append(Span(name=name, seconds=seconds, start=start * scale, width=seconds * scale))
        start += seconds
    return Bar(
        label=row.label,
        spans=tuple(spans),
        seconds=start,
        bound_s=row.bound_s,
        bound=None if row.bound_s is None else row.bound_s * scale,
        bounded=row.bounded,
        bounded_seconds=sum(seconds for name, seconds in row.phases.items() if name in row.bounded),
        missing=tuple(name for name in phases if name not in row.phases),
    )


def _seconds(phases: Mapping[str, object]) -> dict[str, float]:
    return {name: seconds for name, value in phases.items() if (seconds := _number(value)) is not None}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _label(data: Mapping[object, object], label: str) -> str:
    names = [told.format(data[key]) for key, told in NAMED_BY.items() if isinstance(data.get(key), str)]
    return " · ".join(names) or label
