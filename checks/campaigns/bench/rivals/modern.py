"""The plain modern way: redis-py's asyncio client in FastAPI routes, uvloop, httptools, no access log."""

import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel
from redis.asyncio import Redis

app = FastAPI()
password = Path("/run/secrets/redis-app-password").read_text().strip()
redis = Redis(
    host=os.environ["REDIS_HOST"], username=os.environ["REDIS_USERNAME"], password=password, decode_responses=True
)


class Item(BaseModel):
    id: str
    data: str


@app.post("/set")
async def put(item: Item, response: Response) -> dict[str, str]:
    before = await redis.set(f"item:{item.id}", item.data, get=True)
    response.status_code = 201 if before is None else 200
    return {"status": "ok"}


@app.get("/get/{item_id}")
async def get(item_id: str) -> dict[str, str]:
    data = await redis.get(f"item:{item_id}")
    if data is None:
        raise HTTPException(404)
    return {item_id: str(data)}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=5000, http="httptools", loop="uvloop", access_log=False)  # noqa: S104
