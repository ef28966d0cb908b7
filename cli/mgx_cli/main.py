"""The ``mgx`` command and its list of commands. A command's module is imported only when called, which keeps help fast."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mgx_cli.config import Options
from mgx_cli.errors import CLIError, InterruptedByUser, UsageError

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Work": {
        "task": ("task", 'Turn a task into a reviewed commit:  mgx task "Add a health endpoint"'),
        "project": ("project", "List, create and change projects:  mgx project list"),
        "init": ("settings", "Write the project's mgx.yaml:  mgx init"),
        "stacks": ("server", "List the supported stacks:  mgx stacks"),
    },
    "Runs": {
        "list": ("list", "List the runs of this repository:  mgx list"),
        "notification": ("notification", "List what waits for you:  mgx notification"),
        "status": ("status", "Show one run:  mgx status 01a2056e"),
        "plan": ("plan", "Show or edit a run's plan:  mgx plan 01a2056e --edit"),
        "attach": ("runs", "Watch a run:  mgx attach 01a2056e"),
        "logs": ("runs", "Print a run's log:  mgx logs 01a2056e -f"),
        "steer": ("runs", 'Send a message to the team:  mgx steer 01a2056e "keep the old route"'),
        "changes": ("changes", "Accept or reject parts of a change:  mgx changes 01a2056e"),
        "diff": ("runs", "Print a run's change:  mgx diff 01a2056e"),
        "apply": ("apply", "Apply its change to your checkout:  mgx apply 01a2056e"),
        "open": ("open", "Open its pull request in the browser:  mgx open 01a2056e"),
        "approve": ("runs", "Approve a plan:  mgx approve 01a2056e"),
        "reject": ("runs", 'Reject a plan, or ask for a new one:  mgx reject 01a2056e -m "use SQLite"'),
        "cancel": ("runs", "Cancel a run:  mgx cancel 01a2056e"),
        "continue": ("follow_up", 'Have more done on a run\'s branch:  mgx continue 01a2056e -m "cover empty lists"'),
        "retry": ("follow_up", "Start a new run of the same task:  mgx retry 01a2056e"),
        "resume": ("runs", "Resume a paused run:  mgx resume 01a2056e"),
    },
    "Server": {
        "up": ("server", "Start the embedded server:  mgx up"),
        "down": ("server", "Stop it:  mgx down"),
        "allow": ("server", "Let it use a directory of this machine:  mgx allow ~/src/shop/.git"),
        "setup": ("setup", "Create the first administrator of a new server:  mgx setup --server https://mgx.example.com"),
        "login": ("account", "Sign in to a server:  mgx login --server https://mgx.example.com"),
        "logout": ("account", "Remove its token:  mgx logout"),
        "whoami": ("account", "Show server, user and workspace:  mgx whoami"),
    },
    "Workspace": {
        "workspace": ("workspaces", "List, create, join and leave workspaces:  mgx workspace list"),
        "member": ("members", "List, change and remove its members:  mgx member list"),
        "user": ("members", "Invite people to it:  mgx user invite --role viewer"),
        "usage": ("reports", "Show what its runs have used:  mgx usage"),
        "audit": ("reports", "Show who changed what:  mgx audit"),
        "token": ("tokens", "List, create and revoke API tokens:  mgx token create ci --role developer"),
    },
    "Repositories": {
        "repo": ("repos", "Link repositories and set up webhooks:  mgx repo link octocat/shop --token-stdin"),
    },
    "Models and budgets": {
        "model": ("models", "Set up and test model endpoints:  mgx model create main --kind openai --model gpt-5"),
        "budget": ("budgets", "Limit what runs may spend:  mgx budget create --max-cost-usd 20"),
    },
    "This machine": {
        "config": ("settings", "Read and change settings:  mgx config list"),
        "completion": ("completion", 'Complete mgx in your shell:  eval "$(mgx completion bash)"'),
        "doctor": ("version_doctor", "Check what mgx needs:  mgx doctor"),
        "version": ("version_doctor", "Print the version:  mgx version"),
        "help": ("help", "Print this help, or that of a command:  mgx help logs"),
    },
}
"""Section → command → (module in ``mgx_cli.commands``, line in the help)."""

COMPLETE = "_MGX_COMPLETE"
"""Set by the completion script when the shell asks for completions."""
_COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class CommandGroup(TyperGroup):
    """A group that lists its commands by name and imports a command when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"mgx_cli.commands.{_COMMANDS[cmd_name][0]}")
        gc.freeze()  # what is imported stays
        gc.enable()  # `mgx attach` may run for hours
        return typer.main.get_group(_only(module.app, cmd_name)).commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = [f"mgx {name}" for name in get_close_matches(args[0], _COMMANDS)]
            meant = f"Did you mean: {', '.join(near)}" if near else "See: mgx --help"
            raise UsageError(f"Unknown command {args[0]!r}.", hint=meant)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in commands.items()])

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise InterruptedByUser("Interrupted.") from None


app = typer.Typer(
    cls=CommandGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Help on a command: mgx COMMAND --help. Without a configured server, mgx uses the embedded server.",
)


def _only(declared: typer.Typer, name: str) -> typer.Typer:
    """A module's application with one of its commands: to make the parameters of the others takes longer than a request."""
    found = typer.Typer(rich_markup_mode=None, add_completion=False)
    found.registered_commands = [
        info for info in declared.registered_commands if name == (info.name or getattr(info.callback, "__name__", ""))
    ]
    found.registered_groups = [info for info in declared.registered_groups if name == info.name]
    return found


def print_version(wanted: bool) -> None:
    """The eager option ``--version``: nothing else is done."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mgx {version('mgx-cli')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    server: Annotated[str, typer.Option(metavar="URL", help="The server to use for this command.")] = "",
    workspace: Annotated[str, typer.Option(metavar="NAME", help="The workspace to use for this command.")] = "",
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version.", is_eager=True, callback=print_version)
    ] = False,
    no_colour: Annotated[bool, typer.Option("--no-colour", "--no-color", help="Disable colour, like NO_COLOR=1.")] = False,
) -> None:
    """A team of agents turns a task described in plain words into a reviewed commit."""
    context.obj = Options(server, workspace)
    if no_colour:
        os.environ["NO_COLOR"] = "1"


def run() -> None:
    """Runs the command of `sys.argv`. Exits with a code of the contract."""
    from mgx_cli.interrupt import note_interrupts
    from mgx_cli.output import report, tolerate_any_text
    from mgx_cli.text_input import expect_utf8_in_pipes

    note_interrupts()
    tolerate_any_text()
    expect_utf8_in_pipes()
    if COMPLETE in os.environ:
        from typer.completion import completion_init

        completion_init()
    try:
        app(prog_name="mgx")
    except CLIError as error:
        report(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(InterruptedByUser.exit_code)
    finally:
        if "mgx_cli.unanswered" in sys.modules:  # only where the server was asked
            sys.modules["mgx_cli.unanswered"].this_command.end()
        if "mgx_cli.command_trace" in sys.modules:  # only where a trace was asked for
            _end_trace(sys.exc_info()[1])
        gc.freeze()  # the interpreter's last collections would look through all that was imported, to free what ends anyway


def _end_trace(raised: BaseException | None) -> None:
    from mgx_cli.command_trace import this_trace
    from mgx_cli.output import say

    code = raised.code if isinstance(raised, SystemExit) else int(raised is not None)
    command = next((word for word in sys.argv[1:] if word in _COMMANDS), "")
    if failed := this_trace().end(command, code if isinstance(code, int) else int(code is not None)):
        say(f"The trace could not be sent: {failed}.", "dim")
