from __future__ import annotations

from mgx_project.common.routers import router

from .views import MetricViewSet

routes = router()
routes.register("metrics", MetricViewSet, basename="metric")
urlpatterns = routes.urls
