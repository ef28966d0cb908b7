from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Shop:
    name: str
    timezone: str


@dataclass(frozen=True)
class Sale:
    at: datetime
    cents: int
