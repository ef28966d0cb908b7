"""The principal of a REST request in its tenant, and the credential of the request."""

from __future__ import annotations

from datetime import datetime

from rest_framework.request import Request

from mgx_project.common.errors import NotFound

from .models import ApiToken, User
from .principal import Principal, names_of, principal_of_token, principal_of_user
from .receivers import SIGNED_IN_AT
from .rights import Credential
from .sign_ins import Jwt


def resolve_principal(request: Request, workspace_id: str | None = None) -> Principal:
    """The token's own workspace, else the named one, else the user's only one (CONTRACT: Tenant).

    ``workspace_id`` from the path takes precedence; a workspace of others raises NotFound, as one that does not exist.
    """
    names = names_of(request.headers.get, request.query_params.get("workspace"))
    if isinstance(request.auth, ApiToken):
        principal = principal_of_token(request.auth, names)
        if workspace_id is not None and str(principal.workspace_id) != workspace_id:
            raise NotFound("This workspace does not exist or you do not have access to it.")
        return principal
    assert isinstance(request.user, User)
    wanted = names if workspace_id is None else (workspace_id,)
    return principal_of_user(request.user, wanted, signed_in_at=signed_in_at(request))


def signed_in_at(request: Request) -> datetime | None:
    """When the person behind a JWT or a browser session entered a password."""
    if isinstance(request.auth, Jwt):
        return request.auth.sign_in.created_at
    at = request.session.get(SIGNED_IN_AT)
    return datetime.fromisoformat(at) if at else None


def credential_of(request: Request) -> Credential:
    """The request's credential, for work that continues after the response."""
    user = request.user
    assert isinstance(user, User)
    if isinstance(request.auth, ApiToken):
        return Credential(user.pk, token_id=request.auth.pk)
    if isinstance(request.auth, Jwt):
        return Credential(user.pk, sign_in_id=request.auth.sign_in.pk, ends_at=request.auth.ends_at)
    return Credential(user.pk, session_key=request.session.session_key or "", session_hash=user.get_session_auth_hash())
