"""The tenant and everything that belongs to it rather than to a single project."""

from .audit import AuditEntry, IdempotencyRecord
from .events import Event
from .identity import Membership, Role, User, Workspace
from .money import Budget, FormerSpending, LedgerEntry, Meter, ModelConnection, StoredBytes
from .tokens import ApiToken, WsTicket

__all__ = [
    "ApiToken", "AuditEntry", "Budget", "Event", "FormerSpending", "IdempotencyRecord", "LedgerEntry", "Membership", "Meter",
    "ModelConnection", "Role", "StoredBytes", "User", "Workspace", "WsTicket",
]  # fmt: skip
