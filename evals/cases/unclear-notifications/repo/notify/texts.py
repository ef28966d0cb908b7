def reminder(event: str, minutes: int) -> str:
    return f"{event} starts in {minutes} minutes"


def cancelled(event: str) -> str:
    return f"{event} was cancelled"
