from hooks.transport import Response, Transport


class Client:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, url: str, body: bytes) -> Response:
        """Raises TransportError."""
        return self._transport.post(url, body)
