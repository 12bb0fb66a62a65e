"""The written pages of docs/problems say what the catalogue and the examples say now."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from PIL import Image

from trainwell.diagnosis import all_problems
from trainwell.locales import LANGUAGES

PAGES = Path(__file__).parents[2] / "docs" / "problems"
PROBLEMS = {problem.identifier: problem for problem in all_problems()}
STALE = "run make problem-pages"


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("problem_pages_build", PAGES / "build.py")
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("identifier", PROBLEMS)
def test_a_page_says_what_the_catalogue_says(identifier, language, build):
    page = PAGES / f"{identifier}{build.ENDINGS[language]}"
    assert page.exists(), STALE
    text = page.read_text(encoding="utf-8")
    for part in [*build.of_catalogue(PROBLEMS[identifier], language), build.code(identifier)]:
        assert part in text, f"{page.name}: {STALE}"


@pytest.mark.parametrize("identifier", PROBLEMS)
def test_a_page_has_a_small_picture(identifier):
    picture = PAGES / "pictures" / f"{identifier}.png"
    assert picture.exists(), STALE
    assert picture.stat().st_size < 60_000
    with Image.open(picture) as shown:
        assert shown.width > shown.height > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_is_that_of_the_catalogue(language, build):
    index = PAGES / f"README{build.ENDINGS[language]}"
    assert index.read_text(encoding="utf-8") == build.index(language), STALE


def test_there_is_no_page_of_a_problem_that_is_gone(build):
    pages = {path.name.split(".")[0] for path in PAGES.glob("*.md")} - {"README"}
    assert pages | {path.stem for path in (PAGES / "pictures").glob("*.png")} == set(PROBLEMS)
    assert set(build.CAPTIONS) == set(PROBLEMS)
