from collections.abc import Callable

_known: dict[str, Callable[..., object]] = {}


def register(name: str, function: Callable[..., object]) -> None:
    """The last registration of a name wins."""
    if not name:
        raise ValueError("A plugin needs a name.")
    _known[name] = function


def names() -> list[str]:
    return sorted(_known)


def call(name: str, *arguments: object) -> object:
    return _known[name](*arguments)


def clear() -> None:
    _known.clear()
