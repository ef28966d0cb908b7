import pytest

from notify.texts import reminder


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "Stand-up starts now"), (1, "Stand-up starts in 1 minute"), (2, "Stand-up starts in 2 minutes"), (60, "Stand-up starts in 60 minutes")],
)
def test_reminders(minutes, text):
    assert reminder("Stand-up", minutes) == text
