"""The least API that creates tasks: FastAPI, one row, one commit; no token, sidecar, or event.

Run as a process by `limits`: `python -m workload.raw_api PORT DATABASE_URL`.
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import uvicorn
from fastapi import FastAPI, Request

from todo_shared.ids import uuid7
from todo_shared.models import TaskCreate, TaskResponse, TaskStatus

TABLE = """
    CREATE TABLE IF NOT EXISTS raw (id uuid PRIMARY KEY, user_id text, title text, at timestamptz)
"""
INSERT = "INSERT INTO raw VALUES ($1, $2, $3, $4)"


@asynccontextmanager
async def pool(app: FastAPI) -> AsyncGenerator[None]:
    """As many connections as a service has."""
    async with asyncpg.create_pool(sys.argv[2], min_size=10, max_size=10) as connections:
        app.state.pool = connections
        yield


app = FastAPI(lifespan=pool)


@app.post("/tasks", status_code=201)
async def create(body: TaskCreate, request: Request) -> TaskResponse:
    """Store a task."""
    task, now = uuid7(), datetime.now(UTC)
    await request.app.state.pool.execute(INSERT, task, "user", body.title, now)
    return TaskResponse(
        id=str(task),
        user_id="user",
        title=body.title,
        description=body.description,
        status=TaskStatus.PENDING,
        due_date=body.due_date,
        created_at=now,
        updated_at=now,
        completed_at=None,
        version=1,
    )


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
        access_log=False, log_level="warning",
    )  # fmt: skip
