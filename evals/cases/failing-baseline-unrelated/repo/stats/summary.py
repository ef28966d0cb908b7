from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """Raises ValueError for no values."""
    if not values:
        raise ValueError("There are no values.")
    return sum(values) / len(values)
