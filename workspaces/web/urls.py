"""Paths of the web application that need no other application."""

from __future__ import annotations

from django.urls import path

from .views import SignInPage, choose_workspace, sign_out

urlpatterns = [
    path("sign-in", SignInPage.as_view(), name="sign-in"),
    path("sign-out", sign_out, name="sign-out"),
    path("workspace", choose_workspace, name="choose-workspace"),
]
