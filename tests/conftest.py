"""Who asks the API in tests: a caller is a user with a role in a workspace, signed in by an API token."""

from __future__ import annotations

import gc
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hashers, get_hashers_by_algorithm
from django.core.cache import cache
from rest_framework.test import APIClient
from structlog.contextvars import clear_contextvars

from tests.factories import MembershipFactory, ProjectFactory, UserFactory
from tests.support import slow
from tests.support.drills import LONG, Draw, drawn, seed_of_commit
from tests.support.emptying import empty_quickly
from tests.support.github import GitHub, serve
from tests.support.patience import SOON
from tests.support.toy_forge.server import ToyServer
from tests.support.toy_forge.server import serve as serve_toy
from tests.support.whole_server import server
from tests.template_database import use_if_made
from workspaces.models import Role, User, Workspace
from workspaces.principal import Principal
from workspaces.tokens import create_api_token

if TYPE_CHECKING:
    from tests.support.forges.base import Forge


__all__ = ["server"]


class Api(APIClient):
    default_format = "json"

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)
        if 400 <= response.status_code < 500:
            assert response["Content-Type"] == "application/problem+json", response.content
        return response


@dataclass(frozen=True)
class CallerInTests:
    workspace: Workspace
    user: User
    role: Role
    api: Api
    token: str

    @property
    def principal(self) -> Principal:
        return Principal(user=self.user, workspace_id=self.workspace.pk, role=self.role)


MakeCaller = Callable[..., CallerInTests]

REDIS_SECONDS = (
    "agent.models.cache.REDIS_SECONDS",
    "agent.rate_limits.storage.REDIS_SECONDS",
    "mgx_project.common.channel_broadcast.SEND_SECONDS",
    "mgx_project.common.living_workers.TIMEOUT_SECONDS",
    "mgx_project.common.rates.counters.REDIS_SECONDS",
    "runs.lifecycle.cancel_channel.PUBLISH_SECONDS",
)
PATIENCE = 20.0


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django's own, before it makes the database."""
    use_if_made()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """A slow hash is right for people and wrong for hundreds of accounts that live for a test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    get_hashers.cache_clear()
    get_hashers_by_algorithm.cache_clear()


def pytest_sessionstart() -> None:
    """Before the first connection: tests drive more runs in one process than a worker does (`work` makes room for its own), and
    a machine that stands still for seconds does not mean that the database is gone."""
    options = settings.DATABASES["default"]["OPTIONS"]
    options["pool"] |= {"max_size": 32, "timeout": SOON}
    options["connect_timeout"] = int(SOON)


@pytest.fixture(scope="session", autouse=True)
def patience_with_redis() -> Iterator[None]:
    """What gives Redis up after a fraction of a second counts and publishes nothing for a while: limits would not be enforced
    because this machine is busy. A test of a Redis that does not answer sets a time of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in REDIS_SECONDS:
            patch.setattr(name, PATIENCE)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_static_files() -> None:
    """Every client of a test has middleware of its own, which would look for all of them again. Real servers serve them."""
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        empty_quickly(patch)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-slow", action="store_true", help=f"write {slow.LIST.name}: what `make test-fast` leaves out")


def pytest_configure(config: pytest.Config) -> None:
    if not LONG:
        hypothesis.settings.load_profile("ci")  # the same examples each time, however long one takes
    if config.getoption("--record-slow") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(slow.Recorder())


def pytest_collection_finish() -> None:
    """What is there now stays to the end: it need not be looked through again whenever garbage is collected. Looking as seldom
    as the server does (manage.py) takes a tenth off the time of tests that use it."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow.mark(items)


@pytest.fixture(autouse=True)
def no_limits_from_before() -> None:
    """A server of a test may get the port of an earlier one, which has told everybody to wait."""
    if (storage := sys.modules.get("agent.rate_limits.storage")) is not None:
        forget_limits(storage)


@pytest.fixture(autouse=True)
def no_names_from_before() -> None:
    """A streamed answer that a test does not read to its end leaves its request's names on the lines of this thread."""
    clear_contextvars()


@pytest.fixture(autouse=True)
def no_answers_from_before() -> None:
    """Workspaces of tests have the same ids: how long answers were in another test says nothing in this one."""
    if (likely := sys.modules.get("workspaces.likely_calls")) is not None:
        likely._remembered.clear()


def forget_limits(storage: Any = None) -> None:
    storage = storage or sys.modules["agent.rate_limits.storage"]
    storage.local_store.cache_clear()
    if (shared := storage.shared_store(settings.REDIS_URL).shared) is not None:
        shared.key_prefix = f"{storage.PREFIX}:{uuid.uuid4().hex}"


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> Draw[Any]:
    """``draw(every, turn)``: a case of a drill's short form (`drills.some_of`)."""
    return partial(drawn, seed=request.config.getoption("randomly_seed", default=0) if LONG else seed_of_commit())


@pytest.fixture
def make_caller() -> MakeCaller:
    """``make_caller(role, workspace=…)``: a new user; without a workspace, in a new one that has its default project."""

    def make(role: Role = Role.OWNER, workspace: Workspace | None = None) -> CallerInTests:
        if workspace is None:
            membership = MembershipFactory(role=role)
            ProjectFactory(workspace=membership.workspace, slug="default", name="Default")
        else:
            membership = MembershipFactory(role=role, workspace=workspace, user=UserFactory())
        _, secret = create_api_token(workspace_id=membership.workspace_id, user=membership.user, name="test", role=role)
        api = Api()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return CallerInTests(membership.workspace, membership.user, role, api, secret)

    return make


@pytest.fixture
def owner(db: None, make_caller: MakeCaller) -> CallerInTests:
    return make_caller(Role.OWNER)


@pytest.fixture
def stranger(db: None, make_caller: MakeCaller) -> CallerInTests:
    """The owner of another workspace."""
    return make_caller(Role.OWNER)


@pytest.fixture
def signed_in() -> Callable[[User], Api]:
    """A client that is the user, by no token: as a JWT would be."""

    def make(user: User) -> Api:
        api = Api()
        api.force_authenticate(user)
        return api

    return make


@pytest.fixture
def empty_cache() -> None:
    cache.clear()


@pytest.fixture(scope="session")
def package_cache() -> Path:
    """XDG_CACHE_HOME of what installs real packages: one for all workers, so that each set is made once."""
    return Path(os.environ["UV_CACHE_DIR"]).with_name("cache")


@pytest.fixture(scope="session")
def github_server() -> Iterator[GitHub]:
    """One GitHub for the session; each test makes repositories of its own in it."""
    with serve() as server:
        yield server


@pytest.fixture(scope="session")
def toy_server() -> Iterator[ToyServer]:
    """A hosting service of the tests' own, whose provider shows what a second one needs."""
    with serve_toy() as server:
        yield server


@pytest.fixture(params=["github", "toy"])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    """Each hosting provider in turn, in the registry."""
    from tests.support.forges import FORGES  # imports clients of all services, which other tests need not wait for
    from tests.support.forges.base import installed

    server, make = FORGES[request.param]
    made = make(request.getfixturevalue(server))
    with installed(made):
        yield made
    assert not made.unasked(), "answers that were prepared and never asked for"
