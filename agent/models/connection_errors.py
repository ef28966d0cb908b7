"""Why no connection to an endpoint came about, and what to do: the causes of the SDK's one "Connection error." tell it."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

from agent.models.errors import ModelBroken, ModelUnavailable
from agent.models.pinned_transport import proxy_of

MAX_CAUSES = 32
UNKNOWN_NAME = frozenset(
    number for name in ("EAI_NONAME", "EAI_NODATA", "EAI_FAIL") if (number := getattr(socket, name, None)) is not None
)
UNREACHABLE = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN))
OTHER_NAME = frozenset((62, 64))
"""OpenSSL's verify codes for a certificate of another name or address: X509_V_ERR_HOSTNAME_MISMATCH, …_IP_ADDRESS_MISMATCH."""
EXPIRED = 10


@dataclass(frozen=True)
class FailedConnection:
    """``setting`` names the address for people, as ``OPENAI_BASE_URL or the connection's base_url``."""

    host: str
    base_url: str
    setting: str

    @property
    def proxy(self) -> str:
        """Host and port of the proxy that the environment names for this endpoint, or ""."""
        return self.proxy_for(self.base_url)

    @staticmethod
    def proxy_for(base_url: str) -> str:
        found = proxy_of(base_url)
        return found.rpartition("@")[2].partition("://")[2].rstrip("/") or found.rpartition("@")[2] if found else ""

    @property
    def proxy_hint(self) -> str:
        """ "" where there is no proxy."""
        if not self.proxy:
            return ""
        name = self.host.rpartition(":")[0].strip("[]") or self.host
        return (
            f"The request goes through the proxy {self.proxy} that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY of the server names: "
            f"if it should not, add {name} to NO_PROXY and restart the server."
        )

    def explain(self, error: BaseException) -> ModelUnavailable:
        causes = list(_causes(error))
        certificate = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
        if certificate is not None:
            return self._certificate(certificate)
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return self._no_tls()
        if any(isinstance(cause, httpx2.ProxyError) for cause in causes) or self.proxy:
            return self._behind_proxy(causes)
        name = next((cause for cause in causes if isinstance(cause, socket.gaierror)), None)
        if name is not None:
            return self._unknown_name(name)
        return self._unreachable(causes)

    def _certificate(self, error: ssl.SSLCertVerificationError) -> ModelUnavailable:
        why = error.verify_message or "it can't be verified"
        if error.verify_code in OTHER_NAME:
            hint = f"Use a name that the certificate is for in {self.setting}."
        elif error.verify_code == EXPIRED:
            hint = "Renew the endpoint's certificate, and check the clock of this server."
        else:
            hint = (
                "Let the server's environment name the certificate of the endpoint or of the authority that signed it, as in "
                "SSL_CERT_FILE=/path/ca.pem (REQUESTS_CA_BUNDLE is not read), and restart the server."
            )
        return ModelUnavailable(
            f"The certificate of {self.host} is not trusted: {why.rstrip('.')}.",
            hint=self._with_proxy(hint),
            code="model_certificate",
        )

    def _no_tls(self) -> ModelUnavailable:
        return ModelUnavailable(
            f"{self.host} does not speak TLS as https:// needs it.",
            hint=self._with_proxy(f"If it is a plain HTTP server, write http:// in {self.setting}. Otherwise check the port."),
            code="model_tls",
        )

    def _behind_proxy(self, causes: list[BaseException]) -> ModelUnavailable:
        said = next((str(cause) for cause in causes if isinstance(cause, httpx2.ProxyError) and str(cause)), "")
        answer = f": it answers {' '.join(said.split())[:100]!r}" if said and not said.startswith("[") else ""
        return ModelBroken(
            f"The model endpoint {self.host} can't be reached through the proxy {self.proxy or 'of this server'}{answer}.",
            hint=self.proxy_hint or "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY of the server.",
            code="model_proxy",
        )

    def _unknown_name(self, error: socket.gaierror) -> ModelUnavailable:
        name = self.host.rpartition(":")[0] or self.host
        if error.errno in UNKNOWN_NAME:
            return ModelUnavailable(
                f"The model endpoint {self.host} can't be reached: the name {name} is unknown.",
                hint=f"Check the spelling in {self.setting}, and that this server (in a container: the container) can look the "
                "name up.",
                code="model_unknown_host",
            )
        return ModelBroken(
            f"The model endpoint {self.host} can't be reached: the name {name} can't be looked up ({error.strerror or error}).",
            hint=f"Check the DNS of this server, and {self.setting}; then resume.",
            code="model_unknown_host",
        )

    def _unreachable(self, causes: list[BaseException]) -> ModelUnavailable:
        numbers = {cause.errno for cause in causes if isinstance(cause, OSError)}
        hint = f"Check {self.setting}, and that the endpoint is running; then resume."
        if errno.ECONNREFUSED in numbers or any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            why = "nothing accepts connections at this address and port"
            if self.host.startswith(("127.", "localhost", "[::1]")):
                hint += " In a container, localhost is the container itself."
        elif numbers & UNREACHABLE:
            why, hint = "there is no route to it", f"Check the network of this server (VPN, firewall) and {self.setting}."
        elif any(isinstance(cause, httpx2.RemoteProtocolError | httpx2.ReadError | ConnectionResetError) for cause in causes):
            why = "it closed the connection without an answer"
            if self.base_url.startswith("http:"):
                hint = f"If it speaks TLS, write https:// in {self.setting}. Otherwise check that it is running; then resume."
        else:
            why = "the connection failed"
        return ModelBroken(f"The model endpoint {self.host} can't be reached: {why}.", hint=hint)

    def _with_proxy(self, hint: str) -> str:
        return f"{hint} {self.proxy_hint}".strip()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from or beside, and the members of groups (one for each address that was tried)."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MAX_CAUSES:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [one for one in (found.__cause__, found.__context__) if one is not None]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
