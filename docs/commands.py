"""Write docs/commands.md from the commands themselves: `make fix` runs it, a test compares."""

from pathlib import Path
from typing import Any

import typer

from rnnauto.cli.app import app

PATH = Path(__file__).with_suffix(".md")
TITLE = """# Commands

Made by `docs/commands.py` from the commands themselves: change those, then run `make fix`.
"""


def reference() -> str:
    group: Any = typer.main.get_command(app)
    parts = [TITLE, section("rnnauto", group)]
    for name, command in group.commands.items():
        parts.append(section(f"rnnauto {name}", command))
        inner = getattr(command, "commands", {})
        parts += [section(f"rnnauto {name} {word}", each) for word, each in inner.items()]
    return "\n".join(parts)


def section(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join([name, *(p.name.upper() for p in arguments), "[OPTIONS]"])
    lines = [f"## {name}", "", command.help.strip(), "", "```", usage, "```", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| `{p.name.upper()}` | {help_of(p)} |" for p in arguments]
    lines += [f"| {', '.join(f'`{flag}`' for flag in p.opts)} | {help_of(p)} |" for p in options]
    return "\n".join(lines) + "\n"


def help_of(parameter: Any) -> str:
    text = str(parameter.help).replace("\\[", "[").replace("|", "\\|")
    if isinstance(parameter.default, str | Path) and "[default" not in text:
        text += f" [default: {parameter.default}]"
    return text


if __name__ == "__main__":
    PATH.write_text(reference(), encoding="utf-8")
