"""`ceasefire completion`: names for the Tab key in bash, zsh and fish.

What is completed is read from names of files, a JSON file and source text: neither numpy nor a
model is loaded, because a shell waits for every Tab.
"""

from __future__ import annotations

import ast
import json
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import BashComplete, CompletionItem, get_completion_class

import ceasefire
from ceasefire.cli.text import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Names = Callable[[click.Context], Iterable[tuple[str, str]]]

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CEASEFIRE_COMPLETE"
PACKAGE = Path(ceasefire.__file__).parent
SETTING = "    return 0"  # the last line of click's function for bash


@click.command(
    epilog=examples(
        "ceasefire completion bash > ~/.local/share/bash-completion/completions/ceasefire",
        "ceasefire completion zsh > ~/.zfunc/_ceasefire    # a folder of $fpath",
        "ceasefire completion fish > ~/.config/fish/completions/ceasefire.fish",
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes what is typed in a shell.

    The script calls ceasefire at each Tab; start a new shell after writing it.
    """
    click.echo(script(ctx.find_root().command, shell))


def script(main: click.Command, shell: str) -> str:
    """Return the script for a shell."""
    kind = get_completion_class(shell)
    assert kind is not None, shell
    words = kind(main, {}, "ceasefire", VARIABLE)
    text = words.source_template % words.source_vars()
    if kind is BashComplete:  # no blank after KEY=: the value follows
        at = text.index(SETTING)
        text = f'{text[:at]}    [[ "${{COMPREPLY[*]}}" == *= ]] && compopt -o nospace\n{text[at:]}'
    return text.strip()


class Named(click.ParamType[Any]):
    """A parameter's type with names to complete, and files with certain endings beside them."""

    def __init__(
        self, inner: click.ParamType[Any], names: Names, endings: tuple[str, ...] = ()
    ) -> None:
        self.inner, self.names, self.endings = inner, names, endings
        self.name = inner.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as the type would without names."""
        return self.inner.convert(value, param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 # click hands it over
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the names and files that begin so; where there are none, let the shell look."""
        found: list[CompletionItem] = []
        with suppress(OSError, ValueError, SyntaxError):  # never a traceback at a prompt
            found = [CompletionItem(name, help=about) for name, about in self.names(ctx)
                     if name.startswith(incomplete)]  # fmt: skip
            if self.endings:
                found += [CompletionItem(name) for name in _files(incomplete, self.endings)]
        if found or not self.endings:
            return found
        return [CompletionItem(incomplete, type="file")]


def _files(incomplete: str, endings: tuple[str, ...]) -> list[str]:
    """Files of the folder that is being typed."""
    folder, slash, begun = incomplete.rpartition("/")
    place = Path(folder + slash).expanduser() if slash else Path()
    names = sorted(file.name for file in place.iterdir() if file.suffix in endings)
    return [folder + slash + name for name in names if name.startswith(begun)]


def scenarios(_: click.Context) -> list[tuple[str, str]]:
    """Packaged scenarios with their titles."""
    files = sorted((PACKAGE / "data" / "scenarios").glob("*.toml"))
    return [(file.stem, _told(file).get("title", "")) for file in files]


def settings(_: click.Context) -> list[tuple[str, str]]:
    """`symbol=` and `table.field=` of a scenario, and `extension=on`."""
    told = json.loads((PACKAGE / "data" / "scenario.schema.json").read_text(encoding="utf-8"))
    found = []
    for table, what in told["properties"].items():
        options = what.get("anyOf", [what])
        home = next((o["$ref"].rpartition("/")[2] for o in options if "$ref" in o), None)
        if len(options) > 1 and home:
            found.append((f"{table}=on", "switch the extension on"))
        for field, about in told["$defs"].get(home, {}).get("properties", {}).items():
            keys = filter(None, (about.get("symbol"), f"{table}.{field}"))
            found += [(f"{key}=", about.get("description", "")) for key in keys]
    return found


def models(_: click.Context) -> list[tuple[str, str]]:
    """Models of the negotiation with their questions."""
    from ceasefire.bargaining.registry import MODELS

    return [(entry.name, entry.question) for entry in MODELS]


def model_settings(ctx: click.Context) -> list[tuple[str, str]]:
    """`field=` of the model named before, read from its source."""
    from ceasefire.bargaining.registry import MODELS

    homes = {entry.name: entry.home for entry in MODELS}
    module, _, name = _typed(ctx, "name", homes, ":").partition(":")
    if not module:
        return []
    file = PACKAGE.joinpath("bargaining", *module.split(".")).with_suffix(".py")
    body = next((node.body for node in ast.parse(file.read_text(encoding="utf-8")).body
                 if isinstance(node, ast.ClassDef) and node.name == name), [])  # fmt: skip
    fields = [node.target.id for node in body
              if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
              and "ClassVar" not in ast.unparse(node.annotation)]  # fmt: skip
    return [(f"{field}=", "") for field in fields]


def game_settings(ctx: click.Context) -> list[tuple[str, str]]:
    """`parameter=` of the family of games named before, read from its source."""
    files = {file.stem: file for file in (PACKAGE / "games" / "catalog_data").glob("*.toml")}
    family = _told(_typed(ctx, "file", files, Path())).get("family", "").replace("-", "_")
    source = (PACKAGE / "games" / "families.py").read_text(encoding="utf-8")
    arguments = [argument.arg for node in ast.parse(source).body
                 if isinstance(node, ast.FunctionDef) and node.name == family
                 for argument in node.args.kwonlyargs]  # fmt: skip
    return [(f"{argument}=", "") for argument in arguments]


def games(_: click.Context) -> list[tuple[str, str]]:
    """Games of the catalog with their titles, and the word that lists them."""
    files = sorted((PACKAGE / "games" / "catalog_data").glob("*.toml"))
    return [("catalog", "list the names"),
            *((file.stem, _told(file).get("title", "")) for file in files)]  # fmt: skip


def records(_: click.Context) -> Iterable[tuple[str, str]]:
    """Packaged records."""
    from ceasefire.data import datasets

    return datasets().items()


def figures(ctx: click.Context) -> list[tuple[str, str]]:
    """Items of the paper, in the file that --spec names."""
    spec = Path(ctx.params.get("spec") or "experiments/paper.toml")
    told = _told(spec)
    found = [name for key in ("figures", "tables") for name in told.get(key, [])]
    found += [item["experiment"] for item in told.get("runs", []) if "experiment" in item]
    return [(name, "") for name in dict.fromkeys(found)]


def experiments(ctx: click.Context) -> list[tuple[str, str]]:
    """Experiments beside the paper's file."""
    folder = Path(ctx.params.get("spec") or "experiments/paper.toml").parent
    return [(file.stem, "") for file in sorted(folder.glob("*.toml")) if file.stem != "paper"]


def nothing(_: click.Context) -> list[tuple[str, str]]:
    """No names: only files."""
    return []


def _typed(ctx: click.Context, param: str, known: dict[str, Any], default: Any) -> Any:
    """What stands for the name typed before; unparsed where --set still lacks its value."""
    words = [ctx.params.get(param), *ctx.args]
    return next((known[word] for word in words if word in known), default)


def _told(file: Path) -> dict[str, Any]:
    """A TOML file; empty where it cannot be read."""
    with suppress(OSError, tomllib.TOMLDecodeError):
        return tomllib.loads(file.read_text(encoding="utf-8"))
    return {}


TOML, STORE = (".toml",), (".sqlite",)
# parameter of a command -> what completes it; of all commands where no command is named
SOURCES: dict[str, tuple[Names, tuple[str, ...]]] = {
    "scenario": (scenarios, TOML),
    "first": (scenarios, TOML),
    "second": (scenarios, TOML),
    "scenario new source": (scenarios, TOML),
    "settings": (settings, ()),
    "model show name": (models, ()),
    "model solve name": (models, ()),
    "model solve settings": (model_settings, ()),
    "game file": (games, (".toml", ".nfg", ".efg")),
    "game settings": (game_settings, ()),
    "data show name": (records, ()),
    "data check file": (nothing, (".csv",)),
    "scenario check file": (nothing, TOML),
    "predict source": (nothing, (".csv", ".toml")),
    "predict problem": (nothing, TOML),
    "estimate spec": (nothing, TOML),
    "run spec": (nothing, TOML),
    "paper only": (figures, ()),
    "paper only_rows": (experiments, ()),
    "analyse file": (nothing, STORE),
    "store ls file": (nothing, STORE),
    "store show file": (nothing, STORE),
    "store export file": (nothing, STORE),
    "store verify file": (nothing, STORE),
    "store gc file": (nothing, STORE),
}


def attach(group: click.Group, path: str = "") -> None:
    """Give the parameters of a group's commands their names to complete."""
    for name, command in group.commands.items():
        where = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            attach(command, where)
            continue
        for param in command.params:
            source = SOURCES.get(f"{where} {param.name}") or SOURCES.get(param.name or "")
            if source and not isinstance(param.type, Named | click.Choice):
                param.type = Named(param.type, *source)
