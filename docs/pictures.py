"""Makes docs/images anew: the recording of a task, and pages of the server that did it: two for members, one for operators.

`make pictures` runs it. The server is an embedded one with data of its own, which is stopped and removed afterwards. Needs
Chromium, as `chromium` or under the name in the variable CHROMIUM.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
IMAGES = HERE / "images"
MGX = str(Path(sys.executable).with_name("mgx"))
WINDOW: Any = {"width": 1280, "height": 800}
MEMBER = """
from workspaces.models import Membership, User, Workspace
Membership.objects.create(user=User.objects.get(username="ada"), workspace=Workspace.objects.get(), role="owner")
"""
MOST_BYTES = 150_000
"""Of a picture: the README shows all of them."""
PASSED_ON = ("PATH", "LANG", "SSL_CERT_FILE", "UV_CACHE_DIR")


def main() -> None:
    browser = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if browser is None:
        sys.exit("error: Chromium was not found.\nhint: install it (Debian: apt install chromium), or name it in CHROMIUM.")
    with tempfile.TemporaryDirectory(prefix="mgx-pictures-") as directory:
        home = Path(directory, "home")
        home.mkdir()
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        env.update(HOME=str(home), MGX_DATA_DIR=str(Path(directory, "data")))
        env["PATH"] = f"{Path(MGX).parent}{os.pathsep}{env['PATH']}"
        try:
            take(home, env, browser)
        finally:
            subprocess.run([MGX, "down"], cwd=home, env=env, check=True)
    for path in sorted(IMAGES.iterdir()):
        print(f"{path.relative_to(HERE.parent)}: {path.stat().st_size} bytes")
        if path.stat().st_size > MOST_BYTES:
            sys.exit(f"error: {path.name} is larger than {MOST_BYTES} bytes.")


def take(home: Path, env: dict[str, str], browser: str) -> None:
    task = ["mgx", "task", "Create a FastAPI health endpoint", "--new", "health", "--yes"]
    recorder = [sys.executable, str(HERE / "terminal_recording.py"), str(IMAGES / "terminal.svg"), *task]
    subprocess.run(recorder, cwd=home, env=env, check=True)
    # a second one, which waits for its plan to be approved: without a terminal nobody is asked, and the exit code is 4
    waiting = [MGX, "task", "Create an Express API with TypeScript", "--new", "orders"]
    code = subprocess.run(waiting, cwd=home, env=env, stdin=subprocess.DEVNULL, check=False).returncode
    if code != 4:
        sys.exit(f"error: the second task ended with {code}; it was to wait for approval.")
    server = subprocess.run([MGX, "up"], cwd=home, env=env, capture_output=True, text=True, check=True).stdout.strip()
    password = secrets.token_urlsafe(24)
    create = ["manage", "createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.com"]
    subprocess.run(
        [sys.executable, "-m", "mgx_project.embedded", *create],
        cwd=HERE.parent, env={**env, "DJANGO_SUPERUSER_PASSWORD": password}, check=True,
    )  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "mgx_project.embedded", "manage", "shell", "-v", "0", "-c", MEMBER],
        cwd=HERE.parent, env=env, check=True,
    )  # fmt: skip
    with sync_playwright() as playwright:
        # Chromium's own sandbox can't be had by root, and shows only our server here.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=browser, args=arguments) as chromium:
            page = chromium.new_page(viewport=WINDOW)
            page.set_default_timeout(120_000)
            page.goto(f"{server}/")
            page.fill("input[name=username]", "ada")
            page.fill("input[name=password]", password)
            page.press("input[name=password]", "Enter")
            page.get_by_role("link", name="Express").click()
            page.get_by_role("button", name="Approve plan").wait_for()
            page.screenshot(path=IMAGES / "plan.png")
            page.goto(f"{server}/runs?q=FastAPI")
            page.get_by_role("link", name="FastAPI").click()
            page.get_by_role("link", name="Changes").click()
            page.locator(".file").first.wait_for()
            page.screenshot(path=IMAGES / "run.png")
            page.goto(f"{server}/admin/")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / "overview.png")


if __name__ == "__main__":
    main()
