"""The tenant and everything that belongs to it rather than to a single project."""

from .audit import AuditEntry, IdempotencyRecord
from .events import Event
from .identity import Departure, Membership, Role, User, Workspace
from .invitations import Invitation
from .money import Budget, LedgerEntry, Meter, ModelConnection
from .tokens import ApiToken, SignIn, WsTicket

__all__ = [
    "ApiToken", "AuditEntry", "Budget", "Departure", "Event", "IdempotencyRecord", "Invitation", "LedgerEntry", "Membership",
    "Meter", "ModelConnection", "Role", "SignIn", "User", "Workspace", "WsTicket",
]  # fmt: skip
