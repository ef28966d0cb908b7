"""A patch over directories on several mounts: all of it or nothing, and the next patch goes in whatever happened."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import SOON

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of all cases, by name."""
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("this machine gives no mount namespace to a user (unshare -rm)")
    argv = ["unshare", "-rm", sys.executable, "-m", "tests.agent.patch.mount_drill", str(tmp_path_factory.mktemp("mounts"))]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SOON)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["tmpfs", "same_file_system"])
def test_a_patch_reaches_over_mounts(drill: dict[str, Any], name: str) -> None:
    found = drill[name]
    assert found["said"] == "applied"
    assert {path: found["after"][path] for path in ("a.txt", "vol/b.txt", "vol/new/c.txt")} == {
        "a.txt": "A2\n", "vol/b.txt": "B2\n", "vol/new/c.txt": "C\n",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("read_only", "may not write in its directory vol"),
        ("full", "No space left on device: 'vol/new/c.txt'"),
        ("copies_do_not_fit", "No space left on device: 'vol/b.txt'"),
        ("one_file", "Device or resource busy: 'vol/b.txt'"),
    ],
)
def test_what_a_mount_does_not_take_leaves_all_as_it_was(drill: dict[str, Any], name: str, said: str) -> None:
    assert said in drill[name]["said"]
    assert drill[name]["after"] == drill[name]["before"]


@pytest.mark.parametrize("name", ["tmpfs", "read_only", "full", "copies_do_not_fit", "same_file_system", "one_file"])
def test_a_later_patch_goes_in_and_the_mount_keeps_nothing_of_ours(drill: dict[str, Any], name: str) -> None:
    assert drill[name]["later"]
    assert drill[name]["left"] == []


def test_a_kill_between_swaps_on_two_mounts_is_taken_back(drill: dict[str, Any]) -> None:
    for found in drill["killed"]:
        assert found["half"] != found["before"] == found["after"]
        assert (found["problems"], found["left"]) == ([], [])
