from typing import Literal

from pydantic import BaseModel, Field


class NewIncident(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    severity: Literal["low", "high", "critical"] = "low"


class Incident(NewIncident):
    id: int
    status: Literal["open", "closed"] = "open"
    resolution: str | None = None
