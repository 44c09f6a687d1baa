"""Observations for R8 as no stack gave them: see the package."""

from dataclasses import replace

from checks.core.requirement import Reading
from checks.requirements.r8_health_endpoint.judge import CALLS_UNDER_LOAD, RULES, Answer, Called, Uncounted, UnderLoad

YES = Answer(status=200, content_type="application/json", body='{"status":"ok"}', seconds=0.01)
NO = Answer(status=503, content_type="application/json; charset=utf-8", body='{"status": "failure"}', seconds=0.5)
SILENCE = Answer(status=0, content_type="", body="ReadTimeout", seconds=2.5)
WELL = Called(redis="well", reading=Reading.READINESS, deadline_s=1.5, answers=(YES, YES))
GONE = replace(WELL, redis="gone", answers=(NO, NO))
FROZEN = replace(GONE, redis="frozen")
REFUSING = replace(GONE, redis="refusing")
LOADED = UnderLoad(requests=800, deadline_s=1.5, answers=(YES,) * CALLS_UNDER_LOAD)
UNCOUNTED = Uncounted(calls=11, rises={"http_requests_total": 0.0})

PASSING: tuple[object, ...] = (
    WELL,
    replace(WELL, reading=Reading.LIVENESS),
    GONE,
    FROZEN,
    REFUSING,
    *(replace(seen, reading=Reading.LIVENESS, answers=(YES,)) for seen in (GONE, FROZEN, REFUSING)),
    LOADED,
    UNCOUNTED,
    replace(UNCOUNTED, rises={"http_requests_total": 10.0}),
)


def failing(seen: Called) -> tuple[Called, ...]:
    """What is wrong of a service while something is the matter with Redis."""
    dressed, missing = replace(NO, status=200), replace(NO, status=404)
    return (
        replace(seen, answers=(NO, YES)),
        replace(seen, answers=(NO, dressed)),
        replace(seen, answers=(missing, NO)),
        replace(seen, answers=(replace(NO, body="failure"),)),
        replace(seen, reading=Reading.LIVENESS),
    )


FAILING: dict[str, tuple[object, ...]] = {
    "exact-when-well": (
        replace(WELL, answers=(YES, NO)),
        replace(WELL, answers=(replace(YES, status=201),)),
        replace(WELL, answers=(replace(YES, content_type="text/plain"),)),
        replace(WELL, answers=(replace(YES, body='{"status":"ok","redis":"up"}'),)),
        replace(WELL, answers=(replace(YES, body="ok"),)),
        replace(WELL, answers=(NO,), reading=Reading.LIVENESS),
    ),
    **{RULES[seen.redis]: failing(seen) for seen in (GONE, FROZEN, REFUSING)},
    "answers-in-time": (
        replace(WELL, answers=(YES, SILENCE)),
        replace(GONE, answers=(NO, replace(NO, seconds=2.6))),
        replace(FROZEN, answers=(SILENCE,)),
    ),
    "answers-under-load": (
        replace(LOADED, answers=(*LOADED.answers, NO)),
        replace(LOADED, answers=(*LOADED.answers, SILENCE)),
        replace(LOADED, answers=(*LOADED.answers, replace(YES, seconds=2.6))),
        replace(LOADED, answers=LOADED.answers[1:]),
        replace(LOADED, requests=CALLS_UNDER_LOAD),
    ),
    "not-counted": (replace(UNCOUNTED, rises={"requests_count": 0.0, "requests_total": 12.0}),),
}

VACUOUS: tuple[object, ...] = (
    *(replace(seen, answers=()) for seen in (WELL, GONE, FROZEN, REFUSING)),
    replace(LOADED, requests=0),
    replace(LOADED, answers=()),
    replace(UNCOUNTED, calls=0),
    replace(UNCOUNTED, rises={}),
)
