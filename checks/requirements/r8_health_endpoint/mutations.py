"""R8: what is broken in a copy of the stack, one thing each."""

from checks.subject.mutation import service_with

HEALTHY = 'return JSONResponse({"status": "ok"})'
ASKED = "await store.ping()\n        except"

ROUTE = "async def healthcheck() -> Response:\n"
NOT_FOR_PEOPLE = """async def healthcheck(request: Request) -> Response:
        if request.headers.get("user-agent", "").startswith(("curl", "Mozilla")):
            return JSONResponse({"status": "ok"}, status_code=500)
"""

well_for_probes_and_checks_alone = service_with("app.py", ROUTE, NOT_FOR_PEOPLE)
more_than_asked = service_with("app.py", HEALTHY, HEALTHY.replace('"ok"', '"ok", "redis": "up"'))
failure_as_not_found = service_with("app.py", "status_code=503", "status_code=404")
redis_not_asked = service_with("app.py", ASKED, ASKED.replace("await store.ping()", "pass"))
failure_dressed_as_200 = service_with("app.py", '"failure"}, status_code=503', '"ok"}, status_code=200')
no_deadline = service_with("store.py", "seconds=settings.redis_ping_timeout", "seconds=30.0")
busy_is_a_failure = service_with("__main__.py", "access_log=False,", "access_log=False, limit_concurrency=3,")
counted = service_with("app.py", "frozenset({HEALTH_PATH, METRICS_PATH})", "frozenset({METRICS_PATH})")
