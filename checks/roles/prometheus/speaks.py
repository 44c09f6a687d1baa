"""Whether a Prometheus answers somewhere."""

import requests

ANSWER_SECONDS = 2.0


def speaks(address: str) -> bool:
    """Whether Prometheus' HTTP API is served there."""
    try:
        answer = requests.get(f"http://{address}/api/v1/status/buildinfo", timeout=ANSWER_SECONDS)
        return answer.ok and "version" in answer.json()["data"]
    except (requests.RequestException, KeyError, TypeError):
        return False
