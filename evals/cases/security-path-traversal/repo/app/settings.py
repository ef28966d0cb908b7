import os
from pathlib import Path


def attachments() -> Path:
    return Path(os.environ.get("ATTACHMENTS", "attachments"))
