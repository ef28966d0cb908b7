import inspect
import time

import pytest

from hooks.client import Client
from hooks.transport import Response, TransportError


class Fake:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = 0

    def post(self, url, body):
        self.sent += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def send(*answers, **options):
    fake, pauses = Fake(*answers), []
    client = Client(fake, sleep=pauses.append, **options)
    try:
        return client.send("u", b""), pauses, fake.sent
    except TransportError as error:
        return error, pauses, fake.sent


def test_pauses_grow():
    answer, pauses, sent = send(Response(500), TransportError(), Response(429), Response(200))
    assert (answer.status, pauses, sent) == (200, [0.5, 1, 2], 4)


def test_the_last_answer_is_given():
    assert send(*[Response(503)] * 4)[0].status == 503
    last = TransportError("the last")
    answer, pauses, sent = send(TransportError(), Response(500), Response(500), last)
    assert answer is last
    assert (pauses, sent) == ([0.5, 1, 2], 4)
    assert send(TransportError(), Response(502), attempts=2)[0].status == 502


def test_retry_after_wins_and_is_bounded():
    assert send(Response(429, 7), Response(500, 3600), Response(503, 0), Response(200))[1] == [7, 30, 0]


def test_never_more_than_thirty_seconds():
    assert send(*[Response(500)] * 9, attempts=9)[1] == [0.5, 1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize("status", [200, 204, 301, 400, 404, 428, 430])
def test_other_answers_come_at_once(status):
    assert send(Response(status, 5))[1:] == ([], 1)


def test_one_attempt_never_sleeps():
    assert send(Response(500), attempts=1)[1:] == ([], 1)


@pytest.mark.parametrize("attempts", [0, -1])
def test_nonsense_is_refused(attempts):
    with pytest.raises(ValueError):
        Client(Fake(), attempts=attempts)


def test_it_really_sleeps_by_default():
    assert inspect.signature(Client).parameters["sleep"].default in (time.sleep, None)
    assert Client(Fake(Response(200))).send("u", b"").status == 200
