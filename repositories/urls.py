from __future__ import annotations

from django.urls import path

from mgx_project.common.routers import router

from .views import RepositoryViewSet
from .webhooks.views import GitHubAppWebhookView, GitHubWebhookView

routes = router()
routes.register("repositories", RepositoryViewSet, basename="repository")
urlpatterns = [
    *routes.urls,
    path("webhooks/github", GitHubAppWebhookView.as_view(), name="github-app-webhook"),
    path("webhooks/github/<uuid:link_id>", GitHubWebhookView.as_view(), name="github-webhook"),
]
