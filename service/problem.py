"""What a refusal looks like where the contract does not say: a problem (RFC 9457)."""

import json
from http import HTTPStatus

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457: what went wrong, for programs and for people."""

    type: str = "about:blank"  # the status says it all
    title: str
    status: int
    detail: str


def problem_body(status: int, detail: str = "") -> bytes:
    title = HTTPStatus(status).phrase
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail or title}
    return json.dumps(problem, separators=(",", ":")).encode()


async def refused(request: Request, error: Exception) -> Response:
    """Whatever FastAPI refuses: a route that is none, a method that it does not have, a body that is too large."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = allowed(headers["Allow"])
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    return Response(problem_body(error.status_code, error.detail), error.status_code, headers, MEDIA_TYPE)


def allowed(methods: str) -> str:
    """What a route answers, with what comes by itself: HEAD where there is GET, and OPTIONS."""
    known = {one.strip() for one in methods.split(",")} | {"OPTIONS"}
    return ", ".join(sorted(known | {"HEAD"} if "GET" in known else known))


async def broken(_request: Request, _error: Exception) -> Response:
    """A mistake of ours; the log has it."""
    return Response(problem_body(500), 500, media_type=MEDIA_TYPE)
