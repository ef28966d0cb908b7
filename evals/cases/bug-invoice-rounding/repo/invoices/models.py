from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """``price`` of one piece, as text with a point."""

    name: str
    price: str
    quantity: int = 1
