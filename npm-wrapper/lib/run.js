// Runs a program in place of this process, with the same streams, signals and exit code.
import { spawn } from "node:child_process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
const CANNOT_START = 6;

export function run(command, args) {
  let child;
  const handlers = SIGNALS.map((signal) => [signal, () => pass(child, signal)]);
  // before the program starts: a signal in between would end this process and leave the program running
  for (const [signal, handler] of handlers) {
    process.on(signal, handler);
  }
  child = spawn(command, args, { stdio: "inherit" });
  child.on("error", (error) => {
    console.error(`error: ${command} could not be started: ${error.message}`);
    process.exitCode = CANNOT_START;
  });
  child.on("exit", (code, signal) => {
    for (const [name, handler] of handlers) {
      process.off(name, handler);
    }
    if (signal) {
      process.kill(process.pid, signal);
    } else {
      process.exitCode = code;
    }
  });
}

// Ctrl-C on a terminal reaches every process of the foreground group, so the child has it already.
function pass(child, signal) {
  const fromKeyboard = (signal === "SIGINT" || signal === "SIGQUIT") && process.stdin.isTTY;
  if (!fromKeyboard) {
    child.kill(signal);
  }
}
