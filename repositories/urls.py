from __future__ import annotations

from mgx_project.common.routers import router

from .views import RepositoryViewSet

routes = router()
routes.register("repositories", RepositoryViewSet, basename="repository")
urlpatterns = routes.urls
