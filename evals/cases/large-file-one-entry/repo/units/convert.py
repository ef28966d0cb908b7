from units.table import FACTORS


def convert(value: float, source: str, target: str) -> float:
    """Raises KeyError for an unknown unit, ValueError for units of different categories."""
    (kind, factor), (other_kind, other) = FACTORS[source], FACTORS[target]
    if kind != other_kind:
        raise ValueError(f"{source} is a unit of {kind}, {target} one of {other_kind}.")
    return value * factor / other
