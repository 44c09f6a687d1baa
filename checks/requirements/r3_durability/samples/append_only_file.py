"""Observations of R3's append-only file as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r3_durability.judge.append_only_file import Changes, Damaged, Start, Torn

WELL = Start(healthy=True, state="running, healthy", last_words="Ready to accept connections tcp")
REFUSED = Start(healthy=False, state="restarting, unhealthy", last_words="Bad file format reading the append only file")
FILE = "appendonlydir/appendonly.aof.1.incr.aof"
TORN = Torn(within="value", file=FILE, start=WELL, cut_off=True, acknowledged=40, lost=())
DAMAGED = Damaged(
    file=FILE, record=12, records=21, refusal=REFUSED, changed=(), start=WELL, acknowledged=20, lost=()
)  # fmt: skip
CHANGES = Changes(stored=40, held=40, records=41, transactions=0, transaction=())

PASSING: tuple[object, ...] = (
    TORN,
    replace(TORN, within="length"),
    DAMAGED,
    replace(DAMAGED, refusal=replace(REFUSED, state="exited (exit code 1)")),
    CHANGES,
)

FAILING: dict[str, tuple[object, ...]] = {
    "torn-tail-is-no-obstacle": (
        replace(TORN, start=REFUSED),
        replace(TORN, cut_off=False),
        replace(TORN, lost=("after-torn-value-3",)),
    ),
    "damage-is-not-swallowed": (
        replace(DAMAGED, refusal=WELL),
        replace(DAMAGED, changed=(FILE,)),
        replace(DAMAGED, refusal=WELL, changed=(FILE,), lost=("damaged-10",)),
        replace(DAMAGED, start=REFUSED),
        replace(DAMAGED, lost=("damaged-10",)),
    ),
    "no-transactions-in-the-file": (replace(CHANGES, transactions=1, transaction=("MULTI", "SET", "SET", "EXEC")),),
}

VACUOUS: tuple[object, ...] = (
    replace(TORN, acknowledged=0),
    replace(DAMAGED, acknowledged=0),
    replace(DAMAGED, record=1),
    replace(DAMAGED, record=DAMAGED.records),
    replace(CHANGES, stored=0, held=0),
    replace(CHANGES, held=39),
)
