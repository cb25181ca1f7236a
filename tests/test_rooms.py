"""The rooms of the house: folders of few modules, modules of few lines, and no import in a circle."""

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("ingestion", "rag_agent", "finetune", "ui")
MOST_MODULES = 14  # in a folder, its face counted
MOST_LINES = 400  # in a module


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def test_no_folder_holds_more_than_fourteen_modules() -> None:
    folders = {path.parent for path in modules()}
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in folders
        if (count := len(list(folder.glob("*.py")))) > MOST_MODULES
    }
    assert crowded == {}


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in modules()
        if (count := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


def test_every_room_says_what_it_is_for() -> None:
    faces = [path for path in modules() if path.name == "__init__.py"]
    silent = [
        str(face.relative_to(ROOT)) for face in faces if not face.read_text().startswith('"""')
    ]
    assert silent == []


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """The packages' imports. Who imports a.b.c from outside a.b runs the face of a.b first."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            for face in above(imported) - above(importer) - {importer}:
                graph.add_import(importer=importer, imported=face)
    return graph


def above(module: str) -> set[str]:
    names = module.split(".")
    return {".".join(names[:length]) for length in range(1, len(names))}


def test_no_module_imports_itself_by_way_of_others(imports: grimp.ImportGraph) -> None:
    circles = {
        (module, imported)
        for module in imports.modules
        for imported in imports.find_modules_directly_imported_by(module)
        if module < imported and imports.chain_exists(imported, module)
    }
    assert circles == set()
