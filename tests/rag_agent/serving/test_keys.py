"""Keys of users, in SQLite and in PostgreSQL: made, told once, looked up, revoked."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingestion.errors import AgentError
from rag_agent.database import Databases
from rag_agent.serving.access.keys import SCHEMA, Keys
from ui.cli import app

Opened = Callable[[], Keys]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def opened(request: pytest.FixtureRequest, home: Path) -> Opened:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return lambda: Keys(Databases(home, url).of(SCHEMA))


def test_a_key_is_its_users_until_it_is_revoked(opened: Opened) -> None:
    keys, elsewhere = opened(), opened()
    assert (keys.all(), keys.user_of("ak-none")) == ([], None)
    (anna, annas), (_, bens) = keys.add("anna"), keys.add("ben")
    assert [elsewhere.user_of(text) for text in (annas, bens)] == ["anna", "ben"]
    keys.revoke(anna.id)
    assert [elsewhere.user_of(text) for text in (annas, bens)] == [None, "ben"]
    assert [bool(key.revoked) for key in sorted(keys.all(), key=lambda key: key.user)] == [
        True,
        False,
    ]
    for id_ in (anna.id, "none"):
        with pytest.raises(AgentError, match="no key"):
            keys.revoke(id_)


def test_no_key_stands_in_the_database(home: Path) -> None:
    _, text = Keys(Databases(home, "").of(SCHEMA)).add("anna")
    kept = b"".join(file.read_bytes() for file in home.glob("keys.sqlite*"))
    assert b"anna" in kept
    assert text.encode() not in kept
    assert text.removeprefix("ak-").encode() not in kept


@pytest.mark.parametrize("name", ["", ".", "../etc", "a/b", "a b", "-a", "a" * 41, "a\n", "käthe"])
def test_names_that_are_none(home: Path, name: str) -> None:
    with pytest.raises(AgentError, match="name"):
        Keys(Databases(home, "").of(SCHEMA)).add(name)
    assert not home.exists()


def test_the_command_makes_lists_and_revokes(home: Path) -> None:
    run = CliRunner()
    made = run.invoke(app, ["keys", "add", "anna"])
    assert (made.exit_code, made.stdout.startswith("ak-")) == (0, True)
    keys = Keys(Databases(home, "").of(SCHEMA))
    assert keys.user_of(made.stdout.strip()) == "anna"
    listed = run.invoke(app, ["keys", "list"]).stdout
    assert made.stdout.strip() not in listed
    found = re.match(r"(\w{8})  anna  made \S+  in force", listed)
    assert found
    assert run.invoke(app, ["keys", "revoke", found[1]]).exit_code == 0
    assert "revoked" in run.invoke(app, ["keys", "list"]).stdout
    assert keys.user_of(made.stdout.strip()) is None
