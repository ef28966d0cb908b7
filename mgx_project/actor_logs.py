"""Every log line of an actor's message names the actor and the message; what one message binds, the next one does not have.

The ids of what a message is about (workspace, task, run, link) are bound by the code that takes the row up.
"""

from __future__ import annotations

from typing import Any

import dramatiq
from dramatiq.broker import MessageProxy
from structlog.contextvars import bind_contextvars, clear_contextvars


class ActorLogs(dramatiq.Middleware):
    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        clear_contextvars()
        bind_contextvars(actor=message.actor_name, message_id=message.message_id)

    def after_process_message(
        self, broker: dramatiq.Broker, message: MessageProxy, *, result: Any = None, exception: Any = None
    ) -> None:
        clear_contextvars()

    def after_skip_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        clear_contextvars()
