"""The first administrator and workspace of a new server, made once by whoever holds its setup token.

The token is derived from the server's secret key and from the moment at which this database was created: every process can
print the same one, none is stored, and that of another database is worth nothing. It is good while there is no user at all.
"""

from __future__ import annotations

import structlog
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils.crypto import constant_time_compare, salted_hmac

from mgx_project.common import tenant_wall
from mgx_project.common.errors import BadRequest, Conflict, NotAllowed

from .audit import record_audit
from .models import Role, User, Workspace
from .principal import Principal
from .services import create_workspace

log = structlog.stdlib.get_logger(__name__)
PREFIX = "mgxs_"
LOCK = 0x6D67785F73657475
"""Of pg_advisory_xact_lock: two requests with the token at once make one administrator."""
HOW_TO_SEE_IT = "The server prints it when it starts. To print it again, run on the server: python manage.py setup_token"


def setup_token() -> str:
    """Raises a DatabaseError where the database has no tables yet."""
    created = MigrationRecorder.Migration.objects.order_by("id").values_list("applied", flat=True).first()
    return PREFIX + salted_hmac("mgx.setup", str(created), algorithm="sha256").hexdigest()


def is_set_up() -> bool:
    return User.objects.exists()


def announce_setup_token() -> None:
    """Writes the token to the log of a server that has no user yet. A database that is away or empty is not an error here."""
    try:
        token = "" if is_set_up() else setup_token()
    except DatabaseError as error:
        log.info("whether this server is set up could not be read", error=str(error))
        return
    finally:
        close_old_connections()
    if token:
        command = f"mgx setup --server {settings.MGX_BASE_URL}"
        log.warning(
            "This server has no administrator yet. Create one, with the setup token below", command=command, setup=token
        )


@tenant_wall.across_tenants()
@transaction.atomic
def create_first_administrator(
    *, token: str, username: str, password: str, email: str, workspace_name: str, workspace_slug: str
) -> tuple[User, Workspace]:
    """An operator who owns the first workspace. Raises NotAllowed for a wrong token, Conflict on a server that has users, and
    BadRequest for a password that Django's validators refuse."""
    if not constant_time_compare(token.strip(), setup_token()):
        raise NotAllowed("This is not the setup token of this server.", code="setup_token_invalid", hint=HOW_TO_SEE_IT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if is_set_up():
        raise Conflict(
            "This server has an administrator already. The setup token is used up.",
            code="already_set_up",
            hint=f"Sign in with: mgx login --user {username}",
        )
    user = User(username=username, email=email, is_staff=True, is_superuser=True)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadRequest(" ".join(error.messages), field="password") from error
    user.set_password(password)
    user.save()
    workspace = create_workspace(owner=user, name=workspace_name, slug=workspace_slug)
    record_audit(
        principal=Principal(user, workspace.pk, Role.OWNER),
        action="server.set_up",
        object_type="workspace",
        object_id=workspace.pk,
        detail={"administrator": username},
    )
    return user, workspace
