from datetime import datetime, timedelta

from archive.settings import Settings

KEEP_DAYS = 30


def outdated(files: dict[str, datetime], settings: Settings, now: datetime) -> list[str]:
    """Names of files that are older than they are kept, oldest first. Only the newest ``max_files`` are looked at."""
    newest = sorted(files, key=lambda name: files[name], reverse=True)[: settings.max_files]
    limit = now - timedelta(days=KEEP_DAYS)
    return sorted((name for name in newest if files[name] < limit), key=lambda name: files[name])
