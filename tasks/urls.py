from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from mgx_project.common.routers import router

from .views import StackCatalogue, TaskViewSet

routes = router()
routes.register("tasks", TaskViewSet, basename="task")

urlpatterns: list[URLPattern | URLResolver] = [path("stacks", StackCatalogue.as_view(), name="stacks"), *routes.urls]
