"""Looks by ourselves at plain git, who does them, and what they cost."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from repositories import scheduled_validation, services
from repositories.fair_shares import shares
from repositories.models import RepositoryLink
from runs.reaper import Reaper
from tests.conftest import CallerInTests
from tests.factories import RepositoryLinkFactory
from tests.support.git_server import TOKEN, GitServer
from tests.support.silent_server import silent_server


def due(caller: CallerInTests, server: GitServer, **fields: Any) -> RepositoryLink:
    made: RepositoryLink = RepositoryLinkFactory(
        workspace=caller.workspace, clone_url=f"{server.url}/code.git", credential=TOKEN, provider="git", default_branch="",
        refresh_due_at=timezone.now() - timedelta(seconds=1), **fields,
    )  # fmt: skip
    return made


@pytest.mark.django_db
def test_plain_git_is_looked_at_too(owner: CallerInTests, server: GitServer) -> None:
    link = due(owner, server)
    lost = due(owner, server)
    RepositoryLink.across_tenants.filter(pk=lost.pk).update(clone_url=f"{server.url}/absent.git")
    assert scheduled_validation.work_off() == 2
    link.refresh_from_db()
    lost.refresh_from_db()
    assert (link.status, link.default_branch) == ("connected", "main")
    assert lost.status == "error"
    assert lost.last_error


@pytest.mark.django_db
def test_unlinked_ones_are_left_alone(owner: CallerInTests, server: GitServer) -> None:
    due(owner, server, status="disconnected")
    assert not scheduled_validation.is_due()
    assert scheduled_validation.work_off() == 0


@pytest.mark.django_db
def test_a_link_that_is_unlinked_under_the_look_stays_so(
    owner: CallerInTests, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = due(owner, server)
    probe = scheduled_validation.services.probe

    def unlinked_meanwhile(linked: Any) -> Any:
        found = probe(linked)
        RepositoryLink.across_tenants.filter(pk=link.pk).update(status="disconnected")
        return found

    monkeypatch.setattr(scheduled_validation.services, "probe", unlinked_meanwhile)
    assert scheduled_validation.work_off() == 1
    link.refresh_from_db()
    assert link.status == "disconnected"


@pytest.mark.django_db
def test_a_link_that_got_another_credential_under_the_look_keeps_what_was_seen_with_that(
    owner: CallerInTests, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = due(owner, server)
    RepositoryLink.across_tenants.filter(pk=link.pk).update(credential="revoked")
    probe = scheduled_validation.services.probe

    def changed_meanwhile(linked: Any) -> Any:
        changed = RepositoryLink.across_tenants.get(pk=link.pk)
        changed.credential = TOKEN
        changed.save(update_fields=["credential"])
        return probe(linked)

    monkeypatch.setattr(scheduled_validation.services, "probe", changed_meanwhile)
    assert scheduled_validation.work_off() == 1
    link.refresh_from_db()
    assert (link.status, link.last_error) == ("connected", "")


@pytest.mark.django_db
def test_a_link_that_breaks_us_keeps_no_other_waiting(
    owner: CallerInTests, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = [due(owner, server), due(owner, server)]
    probe = scheduled_validation.services.probe

    def breaks(linked: RepositoryLink) -> Any:
        if linked.pk == links[0].pk:
            raise KeyError("permission")
        return probe(linked)

    monkeypatch.setattr(scheduled_validation.services, "probe", breaks)
    assert scheduled_validation.work_off() == 2
    seen = [RepositoryLink.across_tenants.get(pk=link.pk).last_validated_at is not None for link in links]
    assert seen == [False, True]


@pytest.mark.django_db
def test_many_links_of_one_tenant_keep_no_other_tenant_waiting(
    owner: CallerInTests, stranger: CallerInTests, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [due(owner, server).pk for _ in range(5)]
    other = due(stranger, server).pk
    monkeypatch.setattr(scheduled_validation, "SLICE_SECONDS", 0.001)  # as with slow links: each slice has one look
    looked: list[Any] = []

    def slow(link_id: Any) -> None:
        looked.append(link_id)
        time.sleep(0.002)

    monkeypatch.setattr(scheduled_validation, "revalidate", slow)
    while scheduled_validation.work_off():
        pass
    assert other in looked[:2]
    assert sorted(looked) == sorted([*many, other])


@pytest.mark.django_db
def test_the_reaper_wakes_one_worker_for_all(owner: CallerInTests, server: GitServer) -> None:
    reaper = Reaper(capacity=4)
    assert reaper.sweep() == 0
    due(owner, server)
    due(owner, server)
    assert reaper.sweep() == 1


@pytest.mark.django_db(transaction=True)
def test_each_link_is_claimed_by_one(owner: CallerInTests, server: GitServer) -> None:
    for _ in range(12):
        due(owner, server)
    claimed: list[Any] = []

    def claim_all() -> None:
        try:
            while (found := scheduled_validation._claim()) is not None:
                claimed.append(found[0])
                shares.give_back(found[1])
        finally:
            connection.close()

    threads = [threading.Thread(target=claim_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claim_all()  # one that finds its workspace full has locked a link meanwhile, which the others passed over
    assert len(claimed) == len(set(claimed)) == 12


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", ["git", "github"])
def test_a_look_that_hangs_holds_no_connection_to_the_database(owner: CallerInTests, server: GitServer, provider: str) -> None:
    """A process has some sixteen: so many requests of one tenant would keep all others from theirs."""
    held: list[Any] = []

    def look(link_id: Any) -> None:
        held.append(connections["default"])
        services.validate(workspace_id=owner.workspace.pk, link_id=link_id)
        connection.close()

    with silent_server() as silent:
        link = due(owner, server)
        fields = {"clone_url": f"{silent.url}/a.git", "provider": provider, "api_base_url": silent.url}
        RepositoryLink.across_tenants.filter(pk=link.pk).update(**fields)
        looking = threading.Thread(target=look, args=(link.pk,))
        looking.start()
        silent.wait_for(1)
        assert held[0].connection is None
    looking.join()
