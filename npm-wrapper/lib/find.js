// Finds the Python CLI. The `mgx` on PATH is not used: it may be this wrapper itself.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

// The CLI of the wrapper's own version, so that an npm lock file pins both.
const REQUIREMENT = `mgx-cli==${version}`;

// `python -m` and `-c` look in the current directory first, which may be a repository with a package of that name.
const WITHOUT_CURRENT_DIRECTORY = "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]; ";

export const HOW_TO_INSTALL = `error: The Python package mgx-cli, which this wrapper runs, was not found.
Do one of these:
  install uv (https://docs.astral.sh/uv/), which then downloads mgx-cli automatically
  python3 -m pip install ${REQUIREMENT}
  set MGX_CLI to the mgx of a virtual environment, such as /srv/mgx/.venv/bin/mgx`;

/**
 * The program to run and its first arguments: MGX_CLI, else uvx, else uv, else a python that has mgx_cli; null without any.
 * Throws when MGX_CLI names no program.
 */
export function findCli(env) {
  if (env.MGX_CLI) {
    if (!isProgram(env.MGX_CLI)) {
      throw new Error(`MGX_CLI is ${env.MGX_CLI}, which is not an executable program. Set it to the path of mgx, or unset it.`);
    }
    return { command: env.MGX_CLI, args: [] };
  }
  const uvx = onPath("uvx", env);
  if (uvx) {
    return { command: uvx, args: ["--from", REQUIREMENT, "mgx"] };
  }
  const uv = onPath("uv", env);
  if (uv) {
    return { command: uv, args: ["tool", "run", "--from", REQUIREMENT, "mgx"] };
  }
  for (const name of ["python3", "python"]) {
    const python = onPath(name, env);
    if (python && hasCli(python, env)) {
      return { command: python, args: ["-c", `${WITHOUT_CURRENT_DIRECTORY}from mgx_cli.main import run; run()`] };
    }
  }
  return null;
}

function hasCli(python, env) {
  const program = `${WITHOUT_CURRENT_DIRECTORY}import importlib.util; sys.exit(importlib.util.find_spec('mgx_cli') is None)`;
  return spawnSync(python, ["-c", program], { env, stdio: "ignore" }).status === 0;
}

function onPath(name, env) {
  const endings = process.platform === "win32" ? [".exe"] : [""];
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
