from datetime import datetime, timedelta

import pytest

from archive.cleanup import outdated
from archive.settings import SettingsError, load

NOW = datetime(2026, 5, 1)


def test_old_files_are_found():
    files = {"new.log": NOW - timedelta(days=29), "old.log": NOW - timedelta(days=31)}
    assert outdated(files, load({}), NOW) == ["old.log"]


@pytest.mark.parametrize("text", ["0", "-1", "many", "100001"])
def test_a_bad_number_is_refused(text):
    with pytest.raises(SettingsError, match="ARCHIVE_MAX_FILES"):
        load({"ARCHIVE_MAX_FILES": text})
