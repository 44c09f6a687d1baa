"""The earlier solution, rebuilt from what is known of it: redis-py's sync client as `default`, h11, an access log.

It asks before it writes whether there is an item of that id, since it has to tell 200 from 201.
"""

import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel
from redis import Redis

app = FastAPI()
password = Path("/run/secrets/redis-app-password").read_text().strip()
redis = Redis(os.environ["REDIS_HOST"], username=os.environ["REDIS_USERNAME"], password=password, decode_responses=True)


class Item(BaseModel):
    id: str
    data: str


@app.post("/set")
def put(item: Item, response: Response) -> dict[str, str]:
    response.status_code = 201 if redis.get(f"item:{item.id}") is None else 200
    redis.set(f"item:{item.id}", item.data)
    return {"status": "ok"}


@app.get("/get/{item_id}")
def get(item_id: str) -> dict[str, str]:
    data = redis.get(f"item:{item_id}")
    if data is None:
        raise HTTPException(404)
    return {item_id: str(data)}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=5000, http="h11", loop="asyncio", access_log=True)  # noqa: S104
