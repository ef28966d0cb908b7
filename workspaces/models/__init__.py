"""The tenant, and everything that belongs to it rather than to a single project."""

from .audit import AuditEntry, IdempotencyRecord
from .budgets import Budget
from .events import Event
from .invitations import Invitation
from .ledger import FormerSpending, LedgerEntry, Meter
from .members import Departure, Membership, Role
from .model_connections import ModelConnection
from .relay import RelayCursor, RelayLease
from .sign_ins import SignInCount
from .storage import StoredBytes
from .tokens import ApiToken, SignIn, WsTicket
from .users import User
from .workspaces import Workspace

__all__ = [
    "ApiToken", "AuditEntry", "Budget", "Departure", "Event", "FormerSpending", "IdempotencyRecord", "Invitation",
    "LedgerEntry", "Membership", "Meter", "ModelConnection", "RelayCursor", "RelayLease", "Role", "SignIn",
    "SignInCount", "StoredBytes", "User", "Workspace", "WsTicket",
]  # fmt: skip
