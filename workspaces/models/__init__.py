"""The tenant and everything that belongs to it rather than to a single project."""

from .audit import AuditEntry, IdempotencyRecord
from .events import Event
from .identity import Membership, Role, User, Workspace
from .money import Budget, LedgerEntry, Meter, ModelConnection
from .tokens import ApiToken, WsTicket

__all__ = [
    "ApiToken", "AuditEntry", "Budget", "Event", "IdempotencyRecord", "LedgerEntry", "Membership", "Meter", "ModelConnection",
    "Role", "User", "Workspace", "WsTicket",
]  # fmt: skip
