"""Observations of R3's backup as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r3_durability.judge.backup import Restored

RESTORED = Restored(
    acknowledged=300,
    rewrites=9,
    bytes=30720,
    wiped=300,
    lost=0,
    some_lost=(),
    phases={"backup": 0.4, "restore": 1.9},
)

PASSING: tuple[object, ...] = (RESTORED, replace(RESTORED, rewrites=1))

FAILING: dict[str, tuple[object, ...]] = {
    "backup-restores": (
        replace(RESTORED, lost=1, some_lost=("backup-1-0-7",)),
        replace(RESTORED, lost=300, some_lost=("backup-1-0-7",)),
    ),
}

VACUOUS: tuple[object, ...] = (
    replace(RESTORED, acknowledged=0, wiped=0),
    replace(RESTORED, wiped=299),
    replace(RESTORED, rewrites=0),
)
