import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

const WRAPPER = fileURLToPath(new URL("../bin/mgx.js", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const ECHO = 'for argument in "$@"; do printf "<%s>" "$argument"; done';
let directory;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mgx wrapper "));
});

afterEach(() => rmSync(directory, { recursive: true }));

function program(name, script) {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function start(args, env, cwd = directory) {
  const child = spawn(process.execPath, [WRAPPER, ...args], { env, cwd, stdio: "pipe" });
  const result = { out: "", err: "" };
  child.stdout.on("data", (data) => (result.out += data));
  child.stderr.on("data", (data) => (result.err += data));
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ ...result, code, signal })));
  return { child, result, ended };
}

const run = (args, env, cwd) => start(args, env, cwd).ended;

async function says(started, text) {
  let over = false;
  started.ended.then(() => (over = true));
  while (!started.result.out.includes(text)) {
    assert.ok(!over, `it ended without "${text}": ${JSON.stringify(started.result)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("arguments arrive as they are", async () => {
  const cli = program("my mgx", ECHO);
  const args = ["task", "two words", "", "$HOME", "a\nb", '"quoted"', "--", "-x"];
  const { out, code } = await run(args, { MGX_CLI: cli });
  assert.equal(out, args.map((argument) => `<${argument}>`).join(""));
  assert.equal(code, 0);
});

test("the exit code is the program's", async () => {
  for (const expected of [0, 1, 4, 130]) {
    const { code } = await run([], { MGX_CLI: program("mgx", `exit ${expected}`) });
    assert.equal(code, expected);
  }
});

test("standard input, output and error are the program's", async () => {
  const started = start([], { MGX_CLI: program("mgx", "cat; echo talk >&2"), PATH: process.env.PATH });
  started.child.stdin.end("data");
  const { out, err } = await started.ended;
  assert.equal(out, "data");
  assert.equal(err, "talk\n");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`${signal} reaches the program, which decides how it ends`, async () => {
    const script = `trap 'echo caught; exit 130' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
    const started = start([], { MGX_CLI: program("mgx", script), PATH: process.env.PATH });
    await says(started, "ready");
    started.child.kill(signal);
    const { out, code } = await started.ended;
    assert.match(out, /caught/);
    assert.equal(code, 130);
  });
}

test("a signal that arrives while the program starts reaches it", async () => {
  const slow = join(directory, "slow.mjs");
  writeFileSync(
    slow,
    `const on = process.on.bind(process);
process.on = (name, handler) => {
  if (name === "SIGTERM") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  return on(name, handler);
};
`,
  );
  const script = `trap 'echo caught; exit 130' TERM; kill -TERM $PPID; while :; do sleep 0.05; kill -0 $PPID || exit 1; done`;
  const env = { MGX_CLI: program("mgx", script), PATH: process.env.PATH, NODE_OPTIONS: `--import="${slow}"` };
  const { out, code, signal } = await run([], env);
  assert.equal(signal, null);
  assert.match(out, /caught/);
  assert.equal(code, 130);
});

test("a program that dies of a signal is seen to", async () => {
  const { signal } = await run([], { MGX_CLI: program("mgx", "kill -TERM $$") });
  assert.equal(signal, "SIGTERM");
});

test("uvx runs the CLI of the wrapper's version", async () => {
  program("uvx", ECHO);
  const { out } = await run(["list"], { PATH: directory });
  assert.equal(out, `<--from><mgx-cli==${version}><mgx><list>`);
});

test("uv does where there is no uvx", async () => {
  program("uv", ECHO);
  const { out } = await run(["list"], { PATH: directory });
  assert.equal(out, `<tool><run><--from><mgx-cli==${version}><mgx><list>`);
});

test("a python that has the package does where there is no uv, and none from the current directory", async (context) => {
  const python = ["/usr/bin/python3", "/usr/local/bin/python3"].find((path) => spawnable(path));
  if (!python) {
    return context.skip("there is no python3");
  }
  const bin = join(directory, "bin");
  mkdirSync(bin);
  symlinkSync(python, join(bin, "python3"));
  for (const [place, answer] of [["site", "installed"], ["cwd", "hostile"]]) {
    const pack = join(directory, place, "mgx_cli");
    mkdirSync(pack, { recursive: true });
    writeFileSync(join(pack, "__init__.py"), "");
    writeFileSync(
      join(pack, "main.py"),
      `import sys\ndef run():\n    print("${answer}", *sys.argv[1:])\n    sys.exit(0 if "--version" in sys.argv else 3)\n`,
    );
  }
  const cwd = join(directory, "cwd");
  const installed = await run(["two words"], { PATH: bin, PYTHONPATH: join(directory, "site") }, cwd);
  assert.equal(installed.out, "installed two words\n");
  assert.equal(installed.code, 3);
  const missing = await run([], { PATH: bin }, cwd);
  assert.equal(missing.code, 6);
  assert.match(missing.err, /pip install/);
});

test("pipx does where there is no uv", async () => {
  program("pipx", ECHO);
  const { out } = await run(["list"], { PATH: directory });
  assert.equal(out, `<run><--spec><mgx-cli==${version}><mgx><list>`);
});

test("one that fails is not the last word, and what works is not tried out again", async () => {
  program("uvx", "echo 'no such index' >&2; exit 2");
  const pipx = program("pipx", `printf x >> "${directory}/tries"; ${ECHO}`);
  const env = { PATH: directory, HOME: join(directory, "home") };
  for (const expected of ["xx", "xxx"]) {
    const { out, code } = await run(["list"], env);
    assert.equal(code, 0);
    assert.match(out, /<mgx><list>$/);
    assert.equal(readFileSync(join(directory, "tries"), "utf8"), expected);
  }
  rmSync(pipx); // then it is looked for again
  const { code, err } = await run(["list"], env);
  assert.equal(code, 6);
  assert.match(err, /uvx: no such index/);
});

test("a Python that refuses pip is left alone: an environment of our own, and what to do where that fails", async () => {
  const fake = `case "$*" in *" venv "*) echo 'ensurepip is not available: apt install python3-venv' >&2; exit 1;; *) exit 1;; esac`;
  program("python3", fake);
  const { code, err } = await run(["list"], { PATH: directory, HOME: join(directory, "home") });
  assert.equal(code, 6);
  assert.match(err, /-m venv: ensurepip is not available/);
  assert.match(err, /externally managed/);
  assert.match(err, /apt install pipx/);
});

test("what a repository calls venv or pip is not run when an environment is made", async (context) => {
  const python = ["/usr/bin/python3", "/usr/local/bin/python3"].find((path) => spawnable(path));
  if (!python) {
    return context.skip("there is no python3");
  }
  const [bin, cwd] = ["bin", "cwd"].map((name) => join(directory, name));
  mkdirSync(bin);
  symlinkSync(python, join(bin, "python3"));
  for (const name of ["venv", "pip"]) {
    mkdirSync(join(cwd, name), { recursive: true });
    for (const file of ["__init__.py", "__main__.py"]) {
      writeFileSync(join(cwd, name, file), `open(${JSON.stringify(join(directory, "hostile"))}, "w").close()\n`);
    }
  }
  // nothing is fetched: pip says so, and that is where this way ends
  const env = { PATH: bin, HOME: join(directory, "home"), PIP_NO_INDEX: "1" };
  const { code, err } = await run(["list"], env, cwd);
  assert.equal(code, 6);
  assert.match(err, /-m venv: /);
  assert.ok(!existsSync(join(directory, "hostile")), err);
});

test("without any of them it says how to install", async () => {
  const { code, err, out } = await run(["list"], { PATH: directory });
  assert.equal(code, 6);
  assert.equal(out, "");
  assert.match(err, /uv/);
  assert.match(err, /MGX_CLI/);
});

test("an MGX_CLI that is not a program is named", async () => {
  const { code, err } = await run([], { MGX_CLI: join(directory, "absent") });
  assert.equal(code, 2);
  assert.match(err, /absent/);
});

function spawnable(path) {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    if (error.code === "ENOENT") {
      return false;
    }
    throw error;
  }
}
