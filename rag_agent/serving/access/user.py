"""Whose request it is, as its route sees it."""

from typing import Annotated

from fastapi import Depends, Request


def _user_of(request: Request) -> str:
    return str(request.state.user)


User = Annotated[str, Depends(_user_of)]
"""The name that a key was made for; empty with the token of the data folder. `Guard` puts it there."""
