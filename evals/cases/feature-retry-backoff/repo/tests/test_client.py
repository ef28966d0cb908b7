from hooks.client import Client
from hooks.transport import Response


class Fake:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = []

    def post(self, url, body):
        self.sent.append((url, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_it_is_sent():
    fake = Fake(Response(204))
    assert Client(fake).send("https://example.com", b"{}").status == 204
    assert fake.sent == [("https://example.com", b"{}")]
