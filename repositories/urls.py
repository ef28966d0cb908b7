from __future__ import annotations

from mgx_project.common.routers import router

from .hosting.registry import PROVIDERS
from .views import RepositoryViewSet
from .webhooks.urls import webhook_paths

routes = router()
routes.register("repositories", RepositoryViewSet, basename="repository")
urlpatterns = [*routes.urls, *(path for provider in PROVIDERS.values() for path in webhook_paths(provider))]
