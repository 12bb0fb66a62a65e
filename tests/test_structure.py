"""The rooms import one another one way only, and light things stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trainwell

PACKAGE = Path(trainwell.__file__).parent
ANYWHERE = {"errors", "locales", "backend", "whole_file"}
# room -> rooms it may import, besides itself and ANYWHERE (ARCHITECTURE.md)
MAY_IMPORT = {
    "locales": set(),
    "data": set(),
    "techniques": set(),
    "networks": {"data", "techniques"},
    "blueprint": {"data", "techniques"},
    "engine": {"data", "blueprint"},
    "generation": set(),
    "signals": {"blueprint"},
    "diagnosis": {"signals", "blueprint"},
    "explain": {"signals", "techniques"},
    "report": {"data", "techniques", "networks", "blueprint", "signals", "diagnosis", "explain"},
    "workflows": {
        *("data", "techniques", "networks", "blueprint"),
        *("engine", "generation", "signals", "diagnosis", "explain", "report"),
    },
    "cli": {"workflows", "report", "techniques", "explain"},
}
HEAVY = ("jax", "keras", "scipy", "sklearn", "matplotlib", "PIL", "tensorflow", "torch")
HEAVY += ("polars", "soundfile", "tokenizers")


def imported_rooms(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("trainwell.")}
    return found


def rooms() -> list[str]:
    return sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists())


def test_every_room_is_in_the_plan():
    assert set(rooms()) == set(MAY_IMPORT)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_run_one_way(room):
    allowed = MAY_IMPORT[room] | {room} | (ANYWHERE if room != "locales" else set())
    known = set(rooms()) | ANYWHERE
    for file in (PACKAGE / room).rglob("*.py"):
        forbidden = (imported_rooms(file) & known) - allowed
        assert not forbidden, f"{file.relative_to(PACKAGE)} imports {sorted(forbidden)}"


def test_nothing_is_called_utils():
    vague = {"utils", "util", "helpers", "common", "misc", "base"}
    assert not [file for file in PACKAGE.rglob("*.py") if file.stem in vague]


def heavy_modules_after(statement: str) -> set[str]:
    check = f"import sys\n{statement}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    return set(ast.literal_eval(result.stdout.strip().splitlines()[-1]))


@pytest.mark.parametrize(
    "statement",
    [
        "import trainwell; trainwell.load, trainwell.Dataset, trainwell.Blueprint, trainwell.Recording",
        "import trainwell.diagnosis, trainwell.signals, trainwell.blueprint, trainwell.techniques, trainwell.data",
        "import trainwell.report.html, trainwell.report.terminal, trainwell.report.progress",
        "from trainwell.cli import main; main(['--help'])",
        "from trainwell.cli import main; main(['train', '--help'])",
        "from trainwell.cli import main; main(['techniques', 'relu'])",
    ],
)
def test_light_things_load_nothing_heavy(statement):
    assert heavy_modules_after(statement) == set()


def test_every_public_name_is_there():
    for name in trainwell.__all__:
        assert getattr(trainwell, name) is not None
    assert trainwell.__all__ == sorted(trainwell.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        trainwell.nonsense  # noqa: B018
