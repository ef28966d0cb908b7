from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from mgx_project.common.routers import UUID, router

from .views.audit import AuditViewSet
from .views.budgets import BudgetViewSet
from .views.invitations import AcceptInvitation, InvitationViewSet
from .views.members import MemberViewSet
from .views.model_connections import ModelConnectionViewSet
from .views.sessions import MeView, ObtainToken, RefreshToken, RevokeToken, WsTicketViewSet
from .views.setup import SetUp
from .views.tokens import ApiTokenViewSet
from .views.workspaces import WorkspaceViewSet

routes = router()
routes.register("workspaces", WorkspaceViewSet, basename="workspace")
routes.register(f"workspaces/(?P<workspace_id>{UUID})/members", MemberViewSet, basename="member")
routes.register(f"workspaces/(?P<workspace_id>{UUID})/invitations", InvitationViewSet, basename="invitation")
routes.register("tokens", ApiTokenViewSet, basename="token")
routes.register("models", ModelConnectionViewSet, basename="model")
routes.register("budgets", BudgetViewSet, basename="budget")
routes.register("audit", AuditViewSet, basename="audit")

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/token", ObtainToken.as_view(), name="auth-token"),
    path("auth/refresh", RefreshToken.as_view(), name="auth-refresh"),
    path("auth/revoke", RevokeToken.as_view(), name="auth-revoke"),
    path("auth/ws-ticket", WsTicketViewSet.as_view({"post": "create"}), name="ws-ticket"),
    path("invitations/accept", AcceptInvitation.as_view(), name="invitation-accept"),
    path("setup", SetUp.as_view(), name="setup"),
    path("me", MeView.as_view(), name="me"),
    *routes.urls,
]
