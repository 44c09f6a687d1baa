"""Routes that do nothing, as FastAPI or as Starlette has them: what is left when Redis costs nothing."""

import sys

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp


class Item(BaseModel):
    id: str
    data: str


def fastapi() -> ASGIApp:
    app = FastAPI()

    @app.post("/set")
    async def put(item: Item) -> dict[str, str]:
        return {"status": "ok"} if item else {}

    @app.get("/get/{item_id}")
    async def get(item_id: str) -> dict[str, str]:
        return {item_id: "v" * 100}

    return app


def starlette() -> ASGIApp:
    async def put(request: Request) -> JSONResponse:
        await request.json()
        return JSONResponse({"status": "ok"})

    async def get(request: Request) -> JSONResponse:
        return JSONResponse({request.path_params["item_id"]: "v" * 100})

    return Starlette(routes=[Route("/set", put, methods=["POST"]), Route("/get/{item_id}", get)])


if __name__ == "__main__":
    app = {"fastapi": fastapi, "starlette": starlette}[sys.argv[1]]()
    uvicorn.run(app, host="0.0.0.0", port=5000, http="httptools", loop="uvloop", access_log=False)  # noqa: S104
