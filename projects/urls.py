from __future__ import annotations

from mgx_project.common.routers import router

from .views import ProjectViewSet

routes = router()
routes.register("projects", ProjectViewSet, basename="project")
urlpatterns = routes.urls
