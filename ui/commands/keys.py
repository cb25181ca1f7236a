"""Keys of users for `serve`: `keys add`, `list`, `revoke`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ui import console

if TYPE_CHECKING:
    from rag_agent.serving.access.keys import Keys

commands = typer.Typer(
    help="Keys of users, who see their own conversations and jobs.", no_args_is_help=True
)


@commands.command("add")
def keys_add(user: Annotated[str, typer.Argument(help="Whose key it is.")]) -> None:
    """Make a key for a user, and print it: it is not shown again."""
    key, text = _keys().add(user)
    console.say(f"key {key.id} of {key.user}; it is not shown again:", error=True)
    console.say(text)


@commands.command("list")
def keys_list(as_json: console.Json = False) -> None:
    """Keys, the oldest first."""
    found = _keys().all()
    if as_json:
        from dataclasses import asdict

        console.print_json({"keys": [asdict(key) for key in found]})
        return
    for key in found:
        state = f"revoked {key.revoked[:16]}" if key.revoked else "in force"
        console.say(f"{key.id}  {key.user}  made {key.created[:16]}  {state}")


@commands.command("revoke")
def keys_revoke(key: Annotated[str, typer.Argument(help="Number that `keys list` shows.")]) -> None:
    """Let a key be valid no longer; what its user kept stays."""
    _keys().revoke(key)


def _keys() -> "Keys":
    from rag_agent.serving.access.keys import SCHEMA, Keys

    return Keys(console.open_assistant().databases.of(SCHEMA))
