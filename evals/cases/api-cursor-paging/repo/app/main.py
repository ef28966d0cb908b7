from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

from app.log import Event, log

app = FastAPI(title="Events")


class Page(BaseModel):
    events: list[Event]


@app.get("/events")
def events(offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Page:
    return Page(events=log.newest_first()[offset : offset + limit])
