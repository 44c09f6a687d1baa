"""The package `compose_compliance` of the wheel: below it the tree lies as in a clone.

Its packages have ordinary names (`checks`, `stack`, `service`), so they stand beside nobody else's: only this command
puts the folder that holds them on its path.
"""

import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent / "tree"


def main() -> int:
    """Run the command line."""
    sys.path.insert(0, str(TREE))
    from checks.command.__main__ import main as run

    return run()
