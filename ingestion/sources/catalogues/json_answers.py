"""Answers in JSON from a host that nobody vouches for: whole, and an object."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ingestion.cleaning import clean_text
from ingestion.errors import PaperNotFound, SourceError
from ingestion.sources.connection import Connection, TryAgain

_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}


def ask_json(connection: Connection, url: str) -> Mapping[str, Any]:
    """The object that the host answers with.

    Raises:
        PaperNotFound: The host has nothing under this address.
        SourceError: It refuses the query.
        SourceUnavailable: It cannot be used now.
    """
    return _decoded(connection.ask(url, lambda body, status: _check(connection, body, status, url)))


def text(value: object, characters: int = 10_000) -> str:
    """A value as clean text; empty where it is none."""
    return clean_text(value[:characters]) if isinstance(value, str) else ""


def entries(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; none where it is no list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def part(value: object) -> Mapping[str, Any]:
    """An object; an empty one where it is none."""
    return value if isinstance(value, Mapping) else {}


def _check(connection: Connection, body: bytes, status: int, url: str) -> None:
    name = connection.host.name
    if status in _REFUSED:
        said = _said(body)
        if status == HTTPStatus.NOT_FOUND:
            raise PaperNotFound(f"{name} has no such paper")
        raise SourceError(f"{name} refuses the query{f': {said}' if said else ''}")
    connection.refuse_unless_ok(status)
    if not body.strip():
        raise TryAgain("the answer was empty")
    if not body.lstrip().startswith(b"{"):
        raise connection.not_its_answer(url)
    try:
        _decoded(body)
    except SourceError as error:
        raise TryAgain("the answer broke off") from error


def _said(body: bytes) -> str:
    try:
        answer = _decoded(body)
    except SourceError:
        return ""
    return text(answer.get("message"), 200) or text(answer.get("error"), 200)


def _decoded(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceError("The answer is no JSON") from error
    if not isinstance(answer, dict):
        raise SourceError("The answer is no JSON object")
    return answer
