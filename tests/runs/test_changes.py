"""The gate before delivery: files and hunks wait for people, and what they decide is what is delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgx_project.common.errors import BadRequest, Conflict, InvalidTransition, NotAllowed, NotFound
from runs import services
from runs.lifecycle import change_review, change_set, worker_transitions
from runs.models import ChangeRound, TaskRun
from runs.models.run_state import Status
from workspaces.models import Event, Role
from workspaces.principal import Principal

from ..support.scripted_openai import Message
from ..support.team_script import review, script
from .conftest import NEW, OLD, Tenant, api_of, drive, git, make_tenant, types
from .test_decisions import prompts
from .test_ends import edit
from .test_steer import steer

HELP = "def total(prices):\n" + "".join(f"    # line {n}\n" for n in range(20)) + "    return sum(prices)\n"
BOTH = f'FILE: shop/prices.py\n{NEW}FILE: shop/notes.py\nNOTE = "remember"\n'
WITHOUT_TOOL = (
    "*** Begin Patch\n*** Update File: shop/prices.py\n"
    + "".join(f"-{line}\n" for line in OLD.splitlines()) + "".join(f"+{line}\n" for line in NEW.splitlines())
    + '*** Add File: shop/notes.py\n+NOTE = "remember"\n*** Delete File: tool.sh\n*** End Patch\n'
)  # fmt: skip
OTHER = f"FILE: shop/prices.py\n{NEW.replace('price is not None', 'price')}"


@pytest.fixture
def gated(tenant: Tenant) -> Tenant:
    tenant.project.review_changes = True
    tenant.project.save()
    return tenant


def waiting(tenant: Tenant, shop: Path) -> TaskRun:
    run = drive(edit(tenant, shop))
    assert run.status == Status.AWAITING_CHANGES, run.error
    return run


def decide(tenant: Tenant, run: TaskRun, *decisions: dict[str, Any], **rest: Any) -> TaskRun:
    return services.decide_changes(
        principal=tenant.principal, run_id=run.pk, decisions=decisions, **{"done": True, "accept_rest": True, **rest}
    )


def branch_of(run: TaskRun, shop: Path, path: str) -> str:
    return git("show", f"{run.branch_name}:{path}", cwd=shop) + "\n"


def test_a_run_waits_with_its_files_and_hunks_and_holds_no_worker(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    assert (run.lease_owner, run.lease_expires_at, run.task.status) == ("", None, "waiting")
    assert run.results["tests"]["status"] == "passed"
    found = api_of(gated).get(f"/api/runs/{run.pk}/changes").json()
    assert (found["round"], found["undecided"], found["status"]) == (1, 2, "awaiting_changes")
    notes, prices = found["files"]
    assert (notes["path"], notes["action"], notes["state"]) == ("shop/notes.py", "created", "pending")
    assert (prices["path"], prices["added"], prices["removed"]) == ("shop/prices.py", 1, 1)
    (hunk,) = prices["hunks"]
    assert (hunk["hunk"], hunk["header"], hunk["state"]) == (0, "@@ -1,2 +1,2 @@", "pending")
    assert hunk["lines"][1] == "-    return sum(prices)"
    one = api_of(gated).get(f"/api/runs/{run.pk}/changes/shop/prices.py").json()
    assert one == {**prices, "round": 1}
    assert api_of(gated).get(f"/api/runs/{run.pk}/changes/nope.py").status_code == 404
    event = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="changes_ready")
    assert [(file["path"], file["hunks"], file["state"]) for file in event.data["files"]] == [
        ("shop/notes.py", 1, "pending"),
        ("shop/prices.py", 1, "pending"),
    ]
    assert git("branch", "--list", "mgx/*", cwd=shop) == "", "nothing is delivered yet"


def test_what_is_accepted_is_delivered(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])) as server:
        run = waiting(gated, shop)
        asked = len(server.requests)
        run = drive(decide(gated, run))
        assert len(server.requests) == asked, "nobody is asked again"
    assert run.status == Status.COMPLETED, run.error
    assert branch_of(run, shop, "shop/notes.py") == 'NOTE = "remember"\n'
    decided = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="changes_decided")
    assert decided.data["by"] == "acme"
    assert [file["state"] for file in decided.data["files"]] == ["accepted", "accepted"]


def test_a_part_rejected_without_a_word_is_left_out_and_the_rest_is_proved_again(
    gated: Tenant, shop: Path, scripted: Any
) -> None:
    (shop / "tool.sh").write_text("#!/bin/sh\n")
    (shop / "tool.sh").chmod(0o755)
    git("add", "tool.sh", cwd=shop)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "A tool", cwd=shop)
    with scripted(script(code=WITHOUT_TOOL, files=["shop/prices.py", "tool.sh"])) as server:
        run = waiting(gated, shop)
        rejected = [{"path": path, "accepted": False} for path in ("shop/notes.py", "tool.sh")]
        run = decide(gated, run, *rejected)
        assert run.status == Status.EXECUTING
        run = drive(run)
        assert len(prompts(server, "ReviewCode")) == 2
        assert not prompts(server, "ReviseCode")
    assert run.status == Status.COMPLETED, run.error
    assert git("diff", "--name-only", "main", run.branch_name, cwd=shop) == "shop/prices.py"
    assert types(run).count("tests_finished") >= 2
    assert git("ls-tree", run.branch_name, "tool.sh", cwd=shop).startswith("100755 ")
    assert [file["path"] for file in run.results["files"]] == ["shop/prices.py"]
    assert types(run).count("changes_ready") == 1, "what was accepted before and is the same needs no second look"


def test_a_comment_goes_to_the_engineer_and_only_what_is_new_is_asked_about(gated: Tenant, shop: Path, scripted: Any) -> None:
    team = script(code=BOTH, files=["shop/prices.py"], ReviseCode=[OTHER])
    with scripted(team) as server:
        run = waiting(gated, shop)
        rejected = {"path": "shop/prices.py", "hunk": 0, "accepted": False, "comment": "Drop zeros, too."}
        run = drive(decide(gated, run, rejected))
        assert run.status == Status.AWAITING_CHANGES, run.error
        (revised,) = prompts(server, "ReviseCode")
        assert "Drop zeros, too." in revised
        found = api_of(gated).get(f"/api/runs/{run.pk}/changes").json()
        assert found["round"] == 2
        assert {file["path"]: file["state"] for file in found["files"]} == {
            "shop/notes.py": "accepted",
            "shop/prices.py": "pending",
        }
        run = drive(decide(gated, run))
    assert run.status == Status.COMPLETED, run.error
    assert branch_of(run, shop, "shop/prices.py") == OTHER.partition("\n")[2]
    assert types(run).count("changes_decided") == 2


def test_everything_rejected_without_a_word_ends_the_run(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    paths = ("shop/notes.py", "shop/prices.py")
    run = decide(gated, run, *({"path": path, "accepted": False} for path in paths), accept_rest=False)
    assert (run.status, run.task.status) == (Status.REJECTED, "cancelled")


def test_decisions_are_kept_one_by_one_until_the_round_is_done(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    api, path = api_of(gated), f"/api/runs/{run.pk}/changes"
    one = api.post(f"{path}/shop/prices.py", {"accepted": False, "comment": "Why?", "round": 1}).json()
    assert (one["state"], one["comment"]) == ("rejected", "Why?")
    one = api.post(f"{path}/shop/prices.py", {"accepted": True, "hunk": 0}).json()
    assert (one["state"], one["hunks"][0]["state"]) == ("accepted", "accepted")
    early = api.post(path, {"done": True})
    assert (early.status_code, early.json()["code"]) == (400, "undecided")
    kept = api.post(path, {"decisions": [{"path": "shop/notes.py", "accepted": True}]}).json()
    assert (kept["undecided"], kept["status"]) == (0, "awaiting_changes")
    done = api.post(path, {"done": True, "round": 1}).json()
    assert done["status"] == "delivering"
    assert api.post(path, {"done": True}).status_code == 409


UNDECIDABLE: list[tuple[dict[str, Any], int, str]] = [
    ({"round": 2, "done": True, "accept_rest": True}, 409, "stale_changes"),
    ({"decisions": [{"path": "../etc/passwd", "accepted": True}]}, 400, "unknown_path"),
    ({"decisions": [{"path": "shop/prices.py", "hunk": 7, "accepted": True}]}, 400, "unknown_hunk"),
    ({"decisions": [{"path": "shop/prices.py", "accepted": True, "comment": "nice"}]}, 400, "bad_request"),
    ({"comment": "More."}, 400, "bad_request"),
]


def test_what_can_not_be_decided_is_refused(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    for body, status, code in UNDECIDABLE:
        answer = api_of(gated).post(f"/api/runs/{run.pk}/changes", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
        assert ChangeRound.objects.for_workspace(run.workspace_id).get(run=run).decisions == {}, body


def test_who_may_approve_plans_may_decide_on_changes(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    developer = Principal(user=gated.user, workspace_id=gated.workspace.pk, role=Role.DEVELOPER)
    with pytest.raises(NotAllowed, match="Deciding on changes"):
        services.decide_changes(principal=developer, run_id=run.pk, done=True, accept_rest=True)
    with pytest.raises(NotFound):
        services.decide_changes(principal=make_tenant("globex").principal, run_id=run.pk, done=True)
    services.cancel_run(principal=gated.principal, run_id=run.pk)
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    with pytest.raises(InvalidTransition):
        decide(gated, run)


def test_a_worker_that_dies_while_it_carries_out_a_decision_loses_nothing(gated: Tenant, shop: Path, scripted: Any) -> None:
    """Another worker tells the whole story again: no recorded call is paid twice, and the same comes out."""

    def dies_once(_: list[Message]) -> str:
        if not died:
            died.append(TaskRun.across_tenants.get(pk=run.pk).fence)
            TaskRun.across_tenants.filter(pk=run.pk).update(fence=died[0] + 1, lease_expires_at=None)
        return OTHER

    died: list[int] = []
    with scripted(script(code=BOTH, files=["shop/prices.py"], ReviseCode=[dies_once])) as server:
        run = waiting(gated, shop)
        run = drive(decide(gated, run, {"path": "shop/prices.py", "accepted": False, "comment": "Drop zeros."}))
        assert run.status == Status.AWAITING_CHANGES, run.error
        assert len(prompts(server, "ReviseCode")) == 2, "begun and not recorded: asked again"
        assert len(prompts(server, "WriteCode")) == 1
        run = drive(decide(gated, run))
    assert run.status == Status.COMPLETED, run.error
    assert types(run).count("changes_ready") == 2
    assert branch_of(run, shop, "shop/prices.py") == OTHER.partition("\n")[2]


def test_the_change_is_opened_once_however_often_executing_ends(
    gated: Tenant, shop: Path, scripted: Any, monkeypatch: Any
) -> None:
    """Killed after the last step and before the state changed."""
    real, calls = worker_transitions.finish_execution, []

    def killed(*args: Any, **kwargs: Any) -> TaskRun:
        calls.append(args)
        if len(calls) == 1:
            TaskRun.across_tenants.filter(pk=args[0]).update(fence=args[1] + 1, lease_expires_at=None)
        return real(*args, **kwargs)

    monkeypatch.setattr(worker_transitions, "finish_execution", killed)
    with scripted(script(code=BOTH, files=["shop/prices.py"])) as server:
        run = waiting(gated, shop)
        assert len(server.requests) == 4
    assert len(calls) == 2
    assert types(run).count("changes_ready") == 1
    assert ChangeRound.objects.for_workspace(run.workspace_id).filter(run=run).count() == 1


def test_what_is_said_after_the_last_call_is_carried_out_before_anything_is_delivered(
    tenant: Tenant, shop: Path, scripted: Any
) -> None:
    def late(_: list[Message]) -> str:
        if not said:
            said.append("x")
            steer(tenant, run, "Drop zeros, too.")
        return review()

    said: list[str] = []
    with scripted(script(code=BOTH, files=["shop/prices.py"], ReviseCode=[OTHER], ReviewCode=[late])) as server:
        run = edit(tenant, shop)
        run = drive(run)
        (revised,) = prompts(server, "ReviseCode")
    assert "Drop zeros, too." in revised
    assert run.status == Status.COMPLETED, run.error
    assert branch_of(run, shop, "shop/prices.py") == OTHER.partition("\n")[2]


def test_what_was_accepted_stays_so_when_something_is_heard_late(gated: Tenant, shop: Path, scripted: Any) -> None:
    def late(_: list[Message]) -> str:
        if not said:
            said.append("x")
            steer(gated, run, "And a name.")
        return review()

    said: list[str] = []
    named = OTHER.replace("prices)", "items)").replace("in prices", "in items")
    team = script(code=BOTH, files=["shop/prices.py"], ReviseCode=[OTHER, named], ReviewCode=[review(), late])
    with scripted(team):
        run = waiting(gated, shop)
        rejected = {"path": "shop/prices.py", "hunk": 0, "accepted": False, "comment": "Drop zeros, too."}
        run = drive(decide(gated, run, rejected))
        assert run.status == Status.AWAITING_CHANGES, run.error
        found = api_of(gated).get(f"/api/runs/{run.pk}/changes").json()
    assert (said, found["round"]) == (["x"], 3)
    assert {file["path"]: file["state"] for file in found["files"]}["shop/notes.py"] == "accepted"


def test_a_plan_approved_in_advance_says_nothing_about_the_changes(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    assert run.auto_approve


# without a run


def test_a_change_is_measured_in_hunks_where_people_can_read_it() -> None:
    files = change_set.measure(
        {
            "b.bin": (None, b"\x00\xff"),
            "a.py": (OLD.encode(), NEW.encode()),
            "gone.py": (b"x = 1\n", None),
            "latin.txt": (b"caf\xe9\n", b"caf\xe9s\n"),
            ".env": (b"KEY=1\n", b"KEY=2\n"),
            "empty.py": (None, b""),
        }
    )
    found = {file["path"]: (file["action"], file["binary"], change_set.parts(file)) for file in files}
    assert found == {
        "b.bin": ("created", True, ["*"]),
        "a.py": ("modified", False, ["0"]),
        "gone.py": ("deleted", False, ["0"]),
        "latin.txt": ("modified", True, ["*"]),
        ".env": ("modified", False, ["*"]),
        "empty.py": ("created", False, ["0"]),
    }
    assert "KEY" not in str(files)


def test_a_long_change_is_cut_where_it_is_shown() -> None:
    files = change_set.measure({f"{n}.py": (None, HELP.encode()) for n in range(5)})
    shown = list(change_set.shown({}, files, lines=50))
    assert [file["hunks"][0]["truncated"] for file in shown] == [False, False, True, True, True]
    assert [len(file["hunks"][0]["lines"]) for file in shown] == [22, 22, 0, 0, 0]


def test_only_the_same_content_stays_accepted() -> None:
    old = change_set.measure({"a.py": (OLD.encode(), NEW.encode()), "b.bin": (None, b"\0a"), "c.py": (None, b"1\n")})
    new = change_set.measure({"a.py": (OLD.encode(), NEW.encode()), "b.bin": (None, b"\0b"), "c.py": (None, b"1\n")})
    decisions = {path: {"*": {"accepted": path != "c.py", "comment": ""}} for path in ("a.py", "b.bin", "c.py")}
    assert set(change_set.still_accepted(decisions, old, new)) == {"a.py"}


def test_rejections_name_whole_files_where_everything_in_them_goes() -> None:
    text = "".join(f"{n}\n" for n in range(40))
    files = change_set.measure({"a.txt": (text.encode(), text.replace("3\n", "x\n", 1).replace("39\n", "y\n").encode())})
    assert change_set.parts(files[0]) == ["0", "1"]
    no = {"accepted": False, "comment": ""}
    assert change_set.rejections({"a.txt": {"1": no, "0": {"accepted": True, "comment": ""}}}, files) == [
        {"path": "a.txt", "hunk": 1, "comment": ""}
    ]
    assert change_set.rejections({"a.txt": {"*": no}}, files) == [{"path": "a.txt", "hunk": None, "comment": ""}]
    assert change_set.state_of({"a.txt": {"1": no, "0": {"accepted": True, "comment": ""}}}, files[0]) == "mixed"


def test_rounds_end_somewhere(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    current = ChangeRound.objects.for_workspace(run.workspace_id).get(run=run)
    kept = change_set.load(current)
    change_set.store(run, change_review.MAX_ROUNDS, kept)
    ChangeRound.across_tenants.filter(pk=current.pk).update(number=change_review.MAX_ROUNDS)
    with pytest.raises(InvalidTransition, match="20 rounds"):
        decide(gated, run, {"path": "shop/notes.py", "accepted": False, "comment": "No."})
    assert decide(gated, run).status == Status.DELIVERING


def test_stale_changes_are_a_conflict(gated: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=BOTH, files=["shop/prices.py"])):
        run = waiting(gated, shop)
    with pytest.raises(Conflict, match="round 7"):
        decide(gated, run, round=7)
    with pytest.raises(BadRequest):
        decide(gated, run, {"path": "x", "accepted": True})


@pytest.mark.parametrize(
    ("gone", "made", "rejected", "found"),
    [
        ("a/b.py", "a", ["a/b.py"], ("a/b.py", "a")),
        ("a/b/c.py", "a/b", ["a/b/c.py"], ("a/b/c.py", "a/b")),
        ("a", "a/b.py", ["a"], ("a", "a/b.py")),
        ("a", "a/b.py", ["a", "a/b.py"], None),
        ("a", "a/b.py", ["a/b.py"], None),
        ("a", "ab/c.py", ["a"], None),
        ("a/b.py", "b", ["a/b.py"], None),
    ],
)
def test_a_file_does_not_come_back_where_another_stands(
    gone: str, made: str, rejected: list[str], found: tuple[str, str] | None
) -> None:
    files = change_set.measure({gone: (b"1\n", None), made: (None, b"2\n")})
    decided = {path: {"*": {"accepted": path not in rejected, "comment": ""}} for path in (gone, made)}
    assert change_set.in_the_way(decided, files) == found


def test_a_part_is_accepted_where_it_is_and_not_where_a_twin_is() -> None:
    """Each file goes through a second round, in which the same lines stand at other places, or end otherwise."""
    twice = "".join(f"{n}\n" for n in range(9)) + "same\n" * 20 + "x = 1\n" + "same\n" * 20 + "x = 1\n" + "same\n" * 20
    one = twice.replace("x = 1\n", "x = 2\n", 1)
    other = "x = 1\n".join(twice.split("x = 1\n")[:2]) + "x = 2\n" + twice.split("x = 1\n")[2]
    both = twice.replace("x = 1\n", "x = 2\n")
    accepted, rejected = ({"accepted": yes, "comment": ""} for yes in (True, False))

    def kept(first: tuple[Any, Any], then: tuple[Any, Any], decided: dict[str, Any], **modes: Any) -> dict[str, Any]:
        old, new = change_set.measure({"a": first}), change_set.measure({"a": then}, modes)
        return change_set.still_accepted({"a": decided}, old, new).get("a", {})

    base = twice.encode()
    assert kept((base, both.encode()), (base, both.encode()), {"0": accepted, "1": rejected}) == {"0": accepted}
    assert kept((base, both.encode()), (base, both.encode()), {"0": rejected, "1": accepted}) == {"1": accepted}
    assert kept((base, one.encode()), (base, other.encode()), {"0": accepted}) == {}, "the twin of an accepted part"
    assert kept((base, both.encode()), (base, other.encode()), {"0": rejected, "1": accepted}) == {"0": accepted}
    above = ("new\n" + one).encode()
    assert kept((base, one.encode()), (base, above), {"0": accepted}) == {"1": accepted}, "what is new above it moves it"
    assert kept((b"a\n", b"b\n"), (b"a\n", b"b"), {"0": accepted}) == {}, "the last line's end is gone"
    assert kept((b"a\n", b"b\n"), (b"a\n", b"b\r\n"), {"0": accepted}) == {}
    assert kept((b"\0a", b"\0b"), (b"\0c", b"\0b"), {"*": accepted}) == {}, "it became the same from something else"
    changed = {"a": ("100644", "100755")}
    assert kept((b"a\n", b"b\n"), (b"a\n", b"b\n"), {"0": accepted}, **changed) == {}, "it is executable now"
    assert kept((b"\0a", b"\0b"), (b"\0a", b"\0b"), {"*": accepted}, **changed) == {}
