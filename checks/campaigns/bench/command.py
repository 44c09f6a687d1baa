"""How the benchmarks end as commands."""

import functools
import signal
import sys
from collections.abc import Callable

from stack.driver.errors import StackError

INTERRUPTED = 130


def reports_errors(main: Callable[[], int]) -> Callable[[], int]:
    """A problem is told in a sentence on stderr, with its exit code; Ctrl-C and SIGTERM end in 130."""

    @functools.wraps(main)
    def run() -> int:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return main()
        except StackError as problem:
            print(problem, file=sys.stderr)
            return problem.exit_code
        except KeyboardInterrupt:
            return INTERRUPTED

    return run
