"""Runs the healer: `python3 -I -S /healer` in its image, `python -m stack.healer` beside the code.

With the word `filter` after it, what stands between the healers and the engine.
"""

import sys

from stack.healer import docker_api, run
from stack.healer.filter import server

if __name__ == "__main__":
    sys.exit(server.main(docker_api.SOCKET) if sys.argv[1:] == ["filter"] else run.main())
