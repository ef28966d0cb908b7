from mgx_project.common.routers import router

from .views import RunViewSet

routes = router()
routes.register("runs", RunViewSet, basename="run")
urlpatterns = routes.urls
