import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive import cleanup
from archive.settings import SettingsError, load

NOW = datetime(2026, 5, 1)


@pytest.mark.parametrize(("environ", "days"), [({}, 30), ({"ARCHIVE_KEEP_DAYS": ""}, 30), ({"ARCHIVE_KEEP_DAYS": "1"}, 1), ({"ARCHIVE_KEEP_DAYS": "3650"}, 3650)])
def test_files_are_kept_as_long_as_it_says(environ, days):
    files = {"kept": NOW - timedelta(days=days), "old": NOW - timedelta(days=days, seconds=1)}
    assert cleanup.outdated(files, load(environ), NOW) == ["old"]


@pytest.mark.parametrize("text", ["0", "-1", "3651", "30.5", "thirty"])
def test_nonsense_is_refused_by_name(text):
    with pytest.raises(SettingsError, match="ARCHIVE_KEEP_DAYS"):
        load({"ARCHIVE_KEEP_DAYS": text})


def test_it_is_documented():
    assert re.search(r"^\| `ARCHIVE_KEEP_DAYS` \| `30` \| .+ \|$", Path("docs/settings.md").read_text(), re.MULTILINE)
    assert re.search(r"^ARCHIVE_KEEP_DAYS=30$", Path(".env.example").read_text(), re.MULTILINE)


def test_the_constant_is_gone():
    assert not hasattr(cleanup, "KEEP_DAYS")
