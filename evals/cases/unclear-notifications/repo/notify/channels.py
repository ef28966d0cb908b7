from collections.abc import Callable

Channel = Callable[[str, str], None]


def broadcast(channels: list[Channel], address: str, text: str) -> int:
    """Sends by every channel; returns how many took it."""
    sent = 0
    for channel in channels:
        try:
            channel(address, text)
        except ConnectionError:
            continue
        sent += 1
    return sent
