from notify.channels import broadcast
from notify.texts import cancelled, reminder


def test_texts():
    assert reminder("Stand-up", 15) == "Stand-up starts in 15 minutes"
    assert cancelled("Stand-up") == "Stand-up was cancelled"


def test_a_dead_channel_is_skipped():
    def dead(address, text):
        raise ConnectionError

    sent = []
    assert broadcast([dead, lambda address, text: sent.append(text)], "a@example.com", "Hi") == 1
    assert sent == ["Hi"]
