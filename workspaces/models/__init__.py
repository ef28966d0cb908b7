"""The tenant and everything that belongs to it rather than to a single project."""

from .audit import AuditEntry, IdempotencyRecord
from .events import Event
from .guesses import SignInCount
from .identity import Departure, Membership, Role, User, Workspace
from .invitations import Invitation
from .money import Budget, FormerSpending, LedgerEntry, Meter, ModelConnection, StoredBytes
from .tokens import ApiToken, SignIn, WsTicket

__all__ = [
    "ApiToken", "AuditEntry", "Budget", "Departure", "Event", "FormerSpending", "IdempotencyRecord", "Invitation",
    "LedgerEntry", "Membership", "Meter", "ModelConnection", "Role", "SignIn", "SignInCount", "StoredBytes",
    "User", "Workspace", "WsTicket",
]  # fmt: skip
