// Finds the Python CLI: uv, else pipx, else a Python. The `mgx` on PATH is not used: it may be this wrapper itself.
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

// The CLI of the wrapper's own version, so that an npm lock file pins both.
const REQUIREMENT = `mgx-cli==${version}`;

// `python -m` and `-c` look in the current directory first, which may be a repository with a package of that name.
const RUN = "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]; from mgx_cli.main import run; run()";
const WINDOWS = process.platform === "win32";

/**
 * The program to run and its first arguments. MGX_CLI names it; else the first way that works, which is remembered.
 * Throws an Error for an MGX_CLI that is not a program, and one with `unavailable` where no way works.
 */
export function findCli(env) {
  if (env.MGX_CLI) {
    if (!isProgram(env.MGX_CLI)) {
      throw new Error(`MGX_CLI is ${env.MGX_CLI}, which is not an executable program. Set it to the path of mgx, or unset it.`);
    }
    return { command: env.MGX_CLI, args: [] };
  }
  const known = remembered(env);
  const failed = [];
  for (const way of known ? [known] : ways(env)) {
    const why = known ? "" : refusal(way, env);
    if (!why) {
      remember(way, env);
      return way;
    }
    failed.push(`  ${way.name}: ${why}`);
  }
  throw Object.assign(new Error(howToInstall(failed)), { unavailable: true });
}

function* ways(env) {
  const uvx = onPath("uvx", env);
  const uv = onPath("uv", env);
  if (uvx) {
    yield { name: "uvx", command: uvx, args: ["--from", REQUIREMENT, "mgx"] };
  } else if (uv) {
    yield { name: "uv", command: uv, args: ["tool", "run", "--from", REQUIREMENT, "mgx"] };
  }
  const pipx = onPath("pipx", env);
  if (pipx) {
    yield { name: "pipx", command: pipx, args: ["run", "--spec", REQUIREMENT, "mgx"] };
  }
  const pythons = ["python3", "python"].map((name) => onPath(name, env)).filter(Boolean);
  for (const python of pythons) {
    yield { name: python, command: python, args: ["-c", RUN] };
  }
  // -I: the current directory is not where modules are looked for, as a clone may have a hostile `venv`.
  // An environment of our own: Python's own packages are the system's business (Debian refuses pip there, PEP 668).
  const place = cacheDirectory(env);
  for (const python of place ? pythons : []) {
    const venv = join(place, `venv-${version}`);
    const inside = join(venv, WINDOWS ? "Scripts\\python.exe" : "bin/python");
    yield { name: `${python} -m venv`, command: inside, args: ["-c", RUN], before: [
      [python, "-I", "-m", "venv", venv],
      [inside, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT],
    ] }; // prettier-ignore
  }
}

// Why this way does not work: the last line of what it says; "" if it does.
function refusal({ command, args, before = [] }, env) {
  for (const [program, ...rest] of [...before, [command, ...args, "--version"]]) {
    const { status, error, stdout, stderr } = spawnSync(program, rest, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    if (error || status !== 0) {
      const said = `${stdout ?? ""}\n${stderr ?? ""}`.trim().split("\n").at(-1);
      return error?.message ?? (said || `exit code ${status}`);
    }
  }
  return "";
}

function howToInstall(failed) {
  return `The Python package mgx-cli, which this wrapper runs, could not be found or installed.${failed.length ? `\n${failed.join("\n")}` : ""}
Do one of these:
  install uv (https://docs.astral.sh/uv/), which then downloads mgx-cli automatically
  install pipx; on Debian and Ubuntu, whose Python is externally managed and refuses pip: sudo apt install pipx
  python3 -m venv ~/.mgx && ~/.mgx/bin/pip install ${REQUIREMENT}   (Debian: sudo apt install python3-venv), then
  set MGX_CLI to the mgx of that environment, such as ~/.mgx/bin/mgx`;
}

// What worked last time is not tried out again: that would double the time of every start.
function remembered(env) {
  try {
    const way = JSON.parse(readFileSync(memory(env), "utf8"));
    return isProgram(way.command) ? way : null;
  } catch {
    return null; // none yet, or not readable
  }
}

function remember({ name, command, args }, env) {
  try {
    mkdirSync(dirname(memory(env)), { recursive: true });
    writeFileSync(memory(env), JSON.stringify({ name, command, args }));
  } catch {
    // a home that can't be written to costs time only
  }
}

function memory(env) {
  const place = cacheDirectory(env);
  if (!place) {
    throw new Error("no home");
  }
  return join(place, `wrapper-${version}.json`);
}

function cacheDirectory(env) {
  const base = env.XDG_CACHE_HOME || (WINDOWS ? env.LOCALAPPDATA : env.HOME && join(env.HOME, ".cache"));
  return base ? join(base, "mgx-npm") : "";
}

function onPath(name, env) {
  const endings = WINDOWS ? [".exe"] : [""];
  const places = (env.PATH ?? "").split(delimiter).filter(Boolean);
  return places.flatMap((place) => endings.map((ending) => join(place, name + ending))).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR", "ELOOP"].includes(error.code)) {
      return false;
    }
    throw error;
  }
}
