"""Error -> what a person reads, and the exit code. The only place where errors are translated.

Owns: the wording around an error. Does not own: what happened and what to do about it, which the error carries itself (errors.py).
"""

import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

INTERRUPTED = 130
UNEXPECTED = 1
BUGS = "This is a fault in Accord. Nothing that was written is lost: run the command again, and report the lines above."


def ended(call: Callable[[], Any], json_wanted: bool) -> int:
    """Run a command and give its exit code; print advice on what went wrong to standard error."""
    from accord.errors import AccordError, ConfigurationError

    try:
        result = call()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as problem:
        return _say({"error": "usage", "message": problem.format_message(), "remedy": _help(problem)}, 3, json_wanted)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; nothing is lost, the next run goes on from here", err=True)
        return INTERRUPTED
    except ConfigurationError as error:
        return _configuration(error.problems, json_wanted)
    except AccordError as error:
        said = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
        return _say(said, error.exit_code, json_wanted)
    except BrokenPipeError:
        return 0  # whoever read our output has seen enough
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        remedy = "Nothing that was written is lost. Make room, or the file readable and writable, and run it again."
        return _say({"error": "OSError", "message": f"{place}{error.strerror or error}", "remedy": remedy}, UNEXPECTED, json_wanted)
    except Exception:  # noqa: BLE001  # whatever else it is, it is ours, and is told to whom it happens
        traceback.print_exc()
        click.secho(BUGS, fg="red", err=True)
        return UNEXPECTED


def _help(problem: click.ClickException) -> str:
    context = getattr(problem, "ctx", None)
    return f"Try: {context.command_path} --help" if context is not None else "Try: accord --help"


def _configuration(problems: Any, json_wanted: bool) -> int:
    if json_wanted:
        rows = [{"file": p.file, "line": p.line, "column": p.column, "what": p.what, "remedy": p.remedy} for p in problems]
        return _say({"error": "ConfigurationError", "problems": rows}, 3, True)
    shown = problems[:10]
    for problem in shown:
        click.secho(str(problem), fg="red", err=True)
        if problem.remedy:
            click.echo(f"    {problem.remedy}", err=True)
    if len(problems) > len(shown):
        click.echo(f"... and {len(problems) - len(shown)} more", err=True)
    noun = "problem" if len(problems) == 1 else "problems"
    click.echo(f"\n{len(problems)} {noun}; nothing was read or written.", err=True)
    return 3


def _say(said: dict[str, Any], code: int, json_wanted: bool) -> int:
    if json_wanted:
        import msgspec

        sys.stderr.write(msgspec.json.encode({**said, "exit": code}).decode() + "\n")
        return code
    click.secho(f"error: {said['message']}", fg="red", err=True)
    if said.get("remedy"):
        click.echo(f"    {said['remedy']}", err=True)
    return code
