"""The program itself: `setup`, `doctor`, `settings`, `ui`."""

from typing import Annotated, Any

import typer

from ui import console

commands = typer.Typer()


@commands.command()
def setup() -> None:
    """Download the weights and make the library with its starter papers. Nothing is done twice."""
    assistant = console.open_assistant()
    assistant.warm_up()
    console.err().print(
        f"ready: {assistant.library.store.count():,} papers in {assistant.settings.home}"
    )


@commands.command()
def doctor(as_json: console.Json = False) -> None:
    """Check what is installed, the weights, the library, the sandbox and arXiv."""
    from dataclasses import asdict

    from rag_agent.settings import load_settings
    from ui.doctor import checks

    marks = {"ok": "ok     ", "warning": "warning", "problem": "problem"}
    found = []
    for check in checks(load_settings()):
        found.append(check)
        if not as_json:
            console.say(f"{marks[check.state]}  {check.name}: {check.detail}")
            if check.mend:
                console.say(f"         → {check.mend}")
    if as_json:
        console.print_json({"checks": [asdict(check) for check in found]})
    if any(check.state == "problem" for check in found):
        raise typer.Exit(1)


@commands.command()
def settings(as_json: console.Json = False) -> None:
    """Print every setting in force and where its value comes from."""
    from rag_agent.settings import load_settings, origins

    found = origins(load_settings(), {})
    if as_json:
        console.print_json(
            {
                name: {"value": _plain(value), "from": where}
                for name, (value, where) in found.items()
            }
        )
        return
    for name, (value, where) in found.items():
        console.say(f"{name:28} {_plain(value)!s:40} {where}")


@commands.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback are your risk.")
    ] = "127.0.0.1",
) -> None:
    """Open the chat page."""
    from rag_agent.settings import load_settings
    from ui.server import serve

    serve(host, port, load_settings().page.allowed_hosts)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, dict, tuple)) else str(value)
