"""The tenant, and everything that belongs to it rather than to a single project."""

from .audit import AuditEntry, IdempotencyRecord
from .budgets import Budget, FormerSpending, LedgerEntry, Meter, ModelConnection, StoredBytes
from .events import Event
from .identity import Departure, Membership, Role, User, Workspace
from .invitations import Invitation
from .sign_ins import SignInCount
from .tokens import ApiToken, SignIn, WsTicket

__all__ = [
    "ApiToken", "AuditEntry", "Budget", "Departure", "Event", "FormerSpending", "IdempotencyRecord", "Invitation",
    "LedgerEntry", "Membership", "Meter", "ModelConnection", "Role", "SignIn", "SignInCount", "StoredBytes",
    "User", "Workspace", "WsTicket",
]  # fmt: skip
