"""Runs the healer: `python3 -I -S /healer` in its image, `python -m stack.healer` beside the code."""

import sys

from stack.healer.run import main

if __name__ == "__main__":
    sys.exit(main())
