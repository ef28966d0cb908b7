"""What went wrong at an endpoint, in sentences for the person who must act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from agent.errors import ContentFiltered, ContextOverflow, ModelFailed, RateLimited
from agent.models.connection_errors import FailedConnection
from agent.models.error_classification import Fault
from agent.models.errors import ModelBroken, ModelUnavailable, ToolsUnsupported
from agent.models.pinned_transport import ModelAddressRefused
from agent.models.retry_after import retry_after, span
from agent.models.settings import ModelSettings
from agent.patterns import linear

SPEAKS_TLS = linear(
    r"(?i)(?:https?|plain) request (?:was sent )?to (?:an )?https (?:server|port)"
    r"|this combination of host and port requires tls"
)
"""Of nginx, Go's and Java's servers to a request without TLS."""

GAVE_UP = frozenset((408, 504, 524))
"""Of gateways that no longer wait for the model; 524 is Cloudflare's."""


@dataclass(frozen=True)
class ProviderErrors:
    """``api`` is what the endpoint must speak, in words. ``sdk`` is openai or anthropic: both have the same tree of errors."""

    base_url: str
    settings: ModelSettings
    key_variable: str
    url_variable: str
    api: str
    sdk: Any

    @property
    def host(self) -> str:
        """Host and port only: a base URL may hold a user name and a password."""
        url = urlsplit(self.base_url)
        return f"{url.hostname}:{url.port}" if url.port else url.hostname or "?"

    @property
    def setting(self) -> str:
        """Where the address comes from, for people."""
        return f"{self.url_variable} or the connection's base_url"

    @property
    def connection(self) -> FailedConnection:
        return FailedConnection(self.host, self.base_url, self.setting)

    def said(self, words: str) -> str:
        """The endpoint's own words, without a key it may have echoed."""
        key = self.settings.api_key
        return " ".join((words.replace(key, "***") if len(key) > 7 else words).split())[:300]

    def stalled(self, seconds: float) -> ModelUnavailable:
        return ModelUnavailable.billable(
            f"{self.settings.model} at {self.host} sent nothing for {seconds:g} s.",
            hint="Resume the run when the endpoint answers again.",
            code="model_stalled",
        )

    def timed_out(self, name: str, seconds: float) -> ModelUnavailable:
        return ModelUnavailable.billable(
            f"{name} at {self.host} did not finish its answer within {seconds:g} s.",
            hint="Resume the run later, or choose a faster model.",
            code="model_timeout",
        )

    def broke_off(self) -> ModelUnavailable:
        return ModelUnavailable.billable(
            f"{self.host} broke off in the middle of an answer.",
            hint="Resume the run; finished calls are not made again.",
        )

    def not_an_answer(self) -> ModelFailed:
        return ModelFailed(
            f"{self.host} answered with something that is not {self.api}.",
            hint=self._hint(f"Check that {self.setting} points to {self.api}, with its whole path."),
            code="model_garbage",
        )

    def not_asked(self, error: Exception) -> ModelFailed:
        """The request could not even be sent: nothing is known of the endpoint."""
        return ModelFailed(
            f"The request to {self.host} could not be sent ({type(error).__name__}).",
            hint=f"Check {self.setting} and {self.key_variable} or the connection's key.",
            code="model_request_unsendable",
        )

    def filtered(self, words: str = "") -> ContentFiltered:
        return ContentFiltered(
            f"{self.host} refuses to answer this: {self.said(words) or 'its content filter stopped the answer.'}",
            hint="Reword the task, or choose another model.",
        )

    def overflow(self, name: str, words: str) -> ContextOverflow:
        return ContextOverflow(
            f"The prompt is too long for {name} at {self.host}: {self.said(words)}",
            hint="Choose a model with a larger context, or a task on fewer files.",
        )

    def lacks_tools(self, name: str) -> ToolsUnsupported:
        return ToolsUnsupported(
            f"{self.host} does not accept tool calls for {name}.",
            hint="Turn tool calls off: mgx model update NAME --no-native-tools",
        )

    def explain(self, error: Any, name: str, *, with_tools: bool) -> ModelFailed:
        """What the SDK raised, as one of ours. ``with_tools``: tools were offered, so that they may be what is refused."""
        if _has_cause(error, ModelAddressRefused):
            return ModelFailed(
                f"{self.host} is not in a network that this server reaches.",
                hint="Change the address (mgx model update NAME --base-url URL), or ask the server's operator to list the "
                "network in MGX_ALLOWED_NETWORKS.",
                code="address_refused",
            )
        if isinstance(error, self.sdk.APITimeoutError):
            if _has_cause(error, httpx2.ConnectTimeout):
                return ModelUnavailable(
                    f"{self.host} did not accept a connection in time.",
                    hint=self._hint(f"Check {self.setting}, and that no firewall is between this server and the endpoint."),
                    code="model_timeout",
                )
            return ModelUnavailable.billable(
                f"{self.host} did not answer in time.", hint="Resume the run later.", code="model_timeout"
            )
        if isinstance(error, self.sdk.APIConnectionError):
            failed = self.connection.explain(error)
            failed.unanswered = int(_has_cause(error, httpx2.ReadError) or _has_cause(error, httpx2.RemoteProtocolError))
            return failed
        fault = Fault.of(error)
        words = self.said(fault.words) or "it gives no reason"
        match fault.classify(with_tools=with_tools):
            case "overflow":
                return self.overflow(name, words)
            case "filtered":
                return self.filtered(words)
            case "tools":
                return self.lacks_tools(name)
            case "limited":
                return self._limited(fault, words)
            case "unavailable" if fault.status is None:
                return ModelUnavailable(f"{self.host} ended the answer with an error: {words}", hint="Resume the run later.")
            case "unavailable":
                broken = ModelBroken(
                    f"{self.host} answered with error {fault.status}: {words}", hint=self._hint("Resume the run later.")
                )
                broken.unanswered = int(fault.status in GAVE_UP)
                return broken
            case "no_credit":
                return ModelUnavailable(
                    f"The account at {self.host} has no credit left: {words}",
                    hint="Add credit at the provider, then resume the run.",
                    code="model_no_credit",
                )
            case "unauthorized":
                return ModelFailed(
                    f"{self.host} does not accept the key ({fault.status or 'within an answer'}): {words}",
                    hint=self._hint(
                        f"Check {self.key_variable} or the connection's key, and that it belongs to this endpoint."
                    ),
                    code="model_unauthorized",
                )
            case "unknown_model":
                return ModelFailed(
                    f"{self.host} has no model {name!r} at this address: {words}",
                    hint=f"Check the model's name, and that {self.setting} ends with the path of the API (often /v1).",
                    code="model_refused",
                )
        return ModelFailed(
            f"{self.host} refused the request ({fault.status}): {words}",
            hint=self._refused_hint(fault, name),
            code="model_refused",
        )

    def _refused_hint(self, fault: Fault, name: str) -> str:
        if fault.status == 400 and SPEAKS_TLS.search(fault.said):
            return f"Write https:// in {self.setting}."
        if fault.status == 407:
            return self._hint("The proxy wants a user name and a password: http://USER:PASSWORD@HOST:PORT.")
        return f"Check that {name} supports {self.api} and this length of prompt."

    def _hint(self, hint: str) -> str:
        """With the proxy that may have answered in the endpoint's place."""
        return f"{hint} {self.connection.proxy_hint}".strip()

    def _limited(self, fault: Fault, words: str) -> RateLimited:
        after = retry_after(fault.headers, fault.words)
        if after is None:
            after = retry_after(fault.headers, fault.whole)
        return RateLimited(
            f"{self.host} refuses more calls for now: {words}",
            hint=f"Resume the run in {span(after)}." if after else "Resume the run later, or raise the provider's limit.",
            retry_after=after,
        )


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None
