"""The examples of the pages run as tests, each page in a folder that holds the example files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# not pages, or written when the site is built
collect_ignore = ["conf.py", "conftest.py", "_ext", "_build", "_static", "gallery"]
collect_ignore += [f"reference/{name}" for name in ("api", "commands", "tables")]


@pytest.fixture(autouse=True)
def a_folder_like_the_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder of its own: what an example writes is not left in the repository."""
    shutil.copytree(HERE / "examples", tmp_path, dirs_exist_ok=True)
    for folder in ("docs", "experiments"):
        (tmp_path / folder).symlink_to(HERE.parent / folder, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
