"""Which ACL categories each command of Redis is in: a table taken from a real one.

Made anew from a running server by

    redis-cli --json COMMAND | python -m checks.roles.redis.commands VERSION >checks/roles/redis/commands.json
"""

import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_suffix(".json")

Categories = Mapping[str, frozenset[str]]
"""{command, or command|subcommand: its categories}."""


@cache
def known() -> Categories:
    """Those of the Redis that the table was taken from."""
    told = json.loads(TABLE.read_text())["commands"]
    return {name: frozenset(categories) for name, categories in told.items()}


def of(answer: Iterable[Any]) -> dict[str, frozenset[str]]:
    """What a server's answer to COMMAND says."""
    found: dict[str, frozenset[str]] = {}
    for name, _, _, _, _, _, categories, _, _, subcommands in answer:
        found[name.lower()] = frozenset(category.removeprefix("@") for category in categories)
        found |= of(subcommands)
    return found


def main(version: str) -> None:
    table = {name: sorted(categories) for name, categories in sorted(of(json.load(sys.stdin)).items())}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(categories)}" for name, categories in table.items())
    print(f'{{"redis": {json.dumps(version)}, "commands": {{\n{lines}\n}}}}')


if __name__ == "__main__":
    main(sys.argv[1])
