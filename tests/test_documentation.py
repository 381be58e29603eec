"""The documentation holds: its commands run, its code is tested, its reference is whole."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner

from ceasefire import games
from ceasefire.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
WRITTEN = {"_build", "_ext", "_static", "gallery", "api", "commands", "tables"}
PAGES = [ROOT / "README.md"] + [
    path for path in sorted(DOCS.rglob("*.md")) if not WRITTEN & set(path.relative_to(DOCS).parts)
]
FENCE = re.compile(r"^( *)(`{3,})(\S*)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: \S.* -->\s*$")

# beginnings of command lines that no test runs, each with its reason
LONG = {
    "make ": "installs, tests or builds everything",
    ". .venv/": "is the shell's own",
    "ceasefire explore": "serves until it is stopped, or solves a whole grid; test_explore.py",
    "ceasefire run price.toml --dask": "starts workers; test_experiment_cluster.py",
    "ceasefire run experiments/": "minutes; test_experiment.py runs small ones",
    "ceasefire store export experiments/": "needs the store of the run before it",
    "ceasefire estimate experiments/": "a minute and more; test_estimate_cli.py",
    "ceasefire predict november-2023 --score": "minutes; test_predict_cli.py",
    "ceasefire paper": "builds every figure; `make paper` in .ci/run",
}

BOX = """schema_version = 1
name = "my-box"
scenario = "november-2023"
record = ["mean_days"]

[vary]
design = "saltelli"
points = 8

[vary.parameters]
x = { from = 8.0, to = 12.0 }
pi0 = { from = 0.2, to = 0.4 }
"""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """What stands before each block of a language, and the block."""
    text = page.read_text("utf-8")
    return [(text[: m.start()], m[4]) for m in FENCE.finditer(text) if m[3] == language]


def command_lines(page: Path) -> Iterator[str]:
    """Command lines of a page, in order: after a prompt, continued by a backslash."""
    for _, block in blocks(page, "console"):
        whole = block.replace("\\\n", " ")
        for line in re.findall(r"^\s*\$ (.*)$", whole, re.MULTILINE):
            yield from (part.strip() for part in line.split("&&"))


def run(line: str) -> click.testing.Result:
    """Run a command line in this process; what goes to a file is written there."""
    line, _, file = re.sub(r"\s#.*", "", line).partition(" > ")
    result = CliRunner().invoke(main, shlex.split(line)[1:], prog_name="ceasefire")
    if file:
        Path(file.strip()).write_text(result.stdout, "utf-8")
    return result


@pytest.fixture
def readers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the reader of a page has it: the files that the pages speak of."""
    shutil.copytree(DOCS / "examples", tmp_path, dirs_exist_ok=True)
    for folder in ("docs", "experiments"):
        (tmp_path / folder).symlink_to(ROOT / folder, target_is_directory=True)
    for ending in ("csv", "toml"):
        shutil.copy(DOCS / "examples" / f"invented-42.{ending}", tmp_path / f"my-exchange.{ending}")
    (tmp_path / "my-game.efg").write_text(games.text(games.catalog.load("beer-quiche")), "utf-8")
    shutil.copy(DOCS / "examples" / "day.toml", tmp_path / "my-pause.toml")
    (tmp_path / "my-box.toml").write_text(BOX, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=name_of)
def test_every_command_of_a_page_runs(page: Path, readers_folder: Path) -> None:
    for line in command_lines(page):
        if line.startswith(tuple(LONG)):
            continue
        assert line.startswith("ceasefire "), f"{name_of(page)}: no test knows how to run {line!r}"
        if line.startswith("ceasefire scenario new"):  # the page's own file is that one, edited
            line += " --force" if "my-truce" in line and "--out" not in line else ""
            edited = readers_folder / "docs" / "examples" / "my-truce.toml"
            assert run(line).exit_code == 0, line
            shutil.copy(edited, readers_folder)
            continue
        result = run(line)
        assert result.exit_code == 0, f"{name_of(page)}: {line}\n{result.output}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_of_a_page_is_run_or_says_why_not(page: Path) -> None:
    for before, block in blocks(page, "python"):
        assert ">>> " in block or NOT_RUN.search(before), (
            f"{name_of(page)}: write it as a doctest, or put <!-- not run: reason --> before it:\n"
            f"{block}"
        )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_shell_of_a_page_is_written_with_a_prompt(page: Path) -> None:
    for language in ("sh", "bash", "shell"):
        for before, block in blocks(page, language):
            assert NOT_RUN.search(before), f"{name_of(page)}: use ```console and $:\n{block}"


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, f"{path} {name}")


def parsed(line: str) -> click.Context:
    """The command that a line names, with its options; click's error where it takes none such."""
    words, found = shlex.split(line)[1:], main
    while isinstance(found, click.Group):
        found = found.commands[words.pop(0)]
    return found.make_context(line, words)


@pytest.mark.parametrize(
    "command", [pytest.param(found, id=path) for path, found in commands(main, "ceasefire")]
)
def test_examples_of_a_commands_help_name_what_there_is(command: click.Command) -> None:
    for line in re.findall(r"^\s*(ceasefire .*)$", command.epilog or "", re.MULTILINE):
        assert parsed(line.partition(" > ")[0]).command is not main


@pytest.fixture
def extensions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site's own extensions can be imported."""
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    yield
    for name in ("contents", "gallery", "mathml", "pages", "rooms"):
        sys.modules.pop(name, None)


def test_every_public_name_is_in_one_group_of_the_reference(extensions: None) -> None:
    import rooms

    for room in rooms.ROOMS:
        listed = [name for names in rooms.groups(room).values() for name in names]
        assert sorted(listed) == sorted(rooms.names(room)), room


def test_every_figure_of_the_results_is_in_the_gallery(extensions: None) -> None:
    import gallery

    shown = gallery.figures(ROOT)
    drawn = {path for path in (ROOT / "results").rglob("*") if path.suffix in {".png", ".svg"}}
    assert {one.path for one in shown} == drawn
    page = gallery.index(shown)
    for one in shown:
        assert one.caption
        assert one.made.startswith("$ ")
        assert f"{one.family}.html#{one.name}" in page


def test_commands_of_the_gallery_are_commands(extensions: None) -> None:
    import gallery

    for one in gallery.figures(ROOT):
        for line in re.findall(r"^\$ (ceasefire .*)$", one.made, re.MULTILINE):
            assert parsed(line).command is not main
        for script in re.findall(r"^\$ python (\S+)", one.made, re.MULTILINE):
            assert (ROOT / script).is_file()


@pytest.mark.parametrize(
    ("latex", "tags"),
    [
        (r"\frac{\mu}{1-\mu}\,\frac{1}{(1-\psi_p)\,q}", ["mfrac", "mfrac"]),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", ["mtable", "mtr", "mtr"]),
        (r"a &= b \\ c &= d", ["mtable", "mtr", "mtr"]),
        (r"f(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}", ["mtable", "mtr", "mtr"]),
    ],
)
def test_mathematics_becomes_well_formed_mathml(
    extensions: None, latex: str, tags: list[str]
) -> None:
    import mathml

    root = ElementTree.fromstring(mathml.mathml(latex, block=True))
    told = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert [tag for tag in told if tag in {"mfrac", "mtable", "mtr"}] == tags
    assert "&" not in "".join(root.itertext())


def test_capital_greek_letters_are_upright(extensions: None) -> None:
    import mathml

    assert 'mathvariant="normal"' in mathml.mathml(r"\Delta", block=False)
    assert "mathvariant" not in mathml.mathml(r"\delta", block=False)


def test_functions_are_set_apart_from_what_stands_beside_them(extensions: None) -> None:
    import mathml

    assert '<mo lspace="0.167em" rspace="0.167em">log</mo>' in mathml.mathml(
        r"s \log 2", block=False
    )
    assert 'rspace="0">log</mo>' in mathml.mathml(r"\log(x)", block=False)
