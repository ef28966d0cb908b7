from dataclasses import dataclass
from typing import Protocol


class TransportError(Exception):
    """The other side could not be reached."""


@dataclass(frozen=True)
class Response:
    status: int
    retry_after: float | None = None


class Transport(Protocol):
    def post(self, url: str, body: bytes) -> Response: ...
