"""The reference of the package, room by room, from ``__all__`` and the docstrings."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from contents import CONSTANTS, ROOMS
from pages import Pages, slug, title

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ROOT = "ceasefire"
Groups = dict[str, list[str]]


def names(room: str) -> list[str]:
    """Return the public names of a room, in its own order."""
    module = import_module(f"{ROOT}.{room}")
    if hasattr(module, "__all__"):
        return list(module.__all__)
    own = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    prefix = f"{module.__name__}."
    return own + [key.removeprefix(prefix) for key in CONSTANTS if _parent(key) == prefix[:-1]]


def groups(room: str) -> Groups:
    """Return the groups of a room with their names; every name is in exactly one.

    Raises
    ------
    LookupError
        A public name is in no group.
    """
    told = ROOMS[room][1] or _steps()
    homes = {module: heading for heading, modules in told.items() for module in modules}
    found: Groups = {heading: [] for heading in told}
    for name in names(room):
        home = _home(room, name)
        if home not in homes:
            raise LookupError(f"{ROOT}.{room}.{name} (in {home!r}): in no group of contents.py")
        found[homes[home]].append(name)
    return {heading: listed for heading, listed in found.items() if listed}


@cache
def links() -> dict[str, str]:
    """Return class names that docstrings may use as types, with what they name."""
    found: dict[str, set[str]] = {}
    for room in ROOMS:
        for name in names(room):
            if inspect.isclass(_value(room, name)):
                found.setdefault(name, set()).add(f"{ROOT}.{room}.{name}")
    return {name: whole.pop() for name, whole in found.items() if len(whole) == 1}


@cache
def homes() -> dict[str, str]:
    """Return other names of public functions and classes: short, and by where they are written."""
    short: dict[str, set[str]] = {}
    found = {}
    for room in ROOMS:
        for name in names(room):
            whole, value = f"{ROOT}.{room}.{name}", _value(room, name)
            short.setdefault(name, set()).add(whole)
            found[f"{getattr(value, '__module__', '')}.{name}"] = whole
    found |= {name: several.pop() for name, several in short.items() if len(several) == 1}
    return found | {"load": f"{ROOT}.load"}


def public_bases(bases: Iterable[type]) -> list[str]:
    """Return the bases that a reader may know: public classes, and the exceptions of Python."""
    found = []
    for base in bases:
        if not isinstance(base, type):  # with a parameter: Sequence[E]
            continue
        if base.__name__ in links() and base.__module__.startswith(ROOT):
            found.append(f":py:class:`~{links()[base.__name__]}`")
        elif issubclass(base, Exception) and base.__module__ == "builtins":
            found.append(f"``{base.__name__}``")
    return found


def write(docs: Path) -> None:
    """Write a page for each room and one for each of its groups."""
    pages = Pages(docs / "reference" / "api")
    for room in ROOMS:
        held = groups(room)
        stem = room.replace(".", "-")
        pages.write(f"{stem}.rst", _room(room, stem, held))
        for heading, listed in held.items():
            pages.write(f"{stem}-{slug(heading)}.rst", _group(room, heading, listed))
    pages.finish()


def _room(room: str, stem: str, held: Groups) -> str:
    told = ROOMS[room][0]
    lines = [title(told), f".. automodule:: {ROOT}.{room}", "   :no-members:", ""]
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {heading} <{stem}-{slug(heading)}>" for heading in held]
    for heading, listed in held.items():
        lines += ["", title(heading, "-"), f":doc:`In full <{stem}-{slug(heading)}>`", ""]
        lines += [".. list-table::", "   :widths: 30 70", "   :class: names", ""]
        for name in listed:
            lines += [f"   * - {_reference(room, name)}", f"     - {_first_line(room, name)}"]
    return "\n".join(lines) + "\n"


def _group(room: str, heading: str, listed: list[str]) -> str:
    lines = [title(heading), f".. currentmodule:: {ROOT}.{room}", ""]
    for name in listed:
        lines += _directive(room, name)
    return "\n".join(lines) + "\n"


def _directive(room: str, name: str) -> list[str]:
    value = _value(room, name)
    whole = f"{ROOT}.{room}.{name}"
    if whole in CONSTANTS:
        return [f".. py:data:: {name}", "", f"   {CONSTANTS[whole]}", ""]
    if inspect.ismodule(value):
        return _module(whole)
    if inspect.isclass(value):
        shown = ["   :show-inheritance:"] if public_bases(value.__bases__) else []
        return [f".. autoclass:: {name}", "   :members:", *shown, ""]
    return [f".. autofunction:: {name}", ""]


def _module(whole: str) -> list[str]:
    """A module that is a public name: its own functions and classes."""
    return [f".. automodule:: {whole}", "   :members:", "   :member-order: bysource", ""]


def _reference(room: str, name: str) -> str:
    value, whole = _value(room, name), f"{ROOT}.{room}.{name}"
    role = "data" if whole in CONSTANTS else _role(value)
    return f":py:{role}:`{name} <{whole}>`"


def _role(value: Any) -> str:
    if inspect.ismodule(value):
        return "mod"
    if inspect.isclass(value):
        return "exc" if issubclass(value, Exception) else "class"
    return "func"


def _first_line(room: str, name: str) -> str:
    told = CONSTANTS.get(f"{ROOT}.{room}.{name}") or inspect.getdoc(_value(room, name)) or ""
    return " ".join(told.partition("\n\n")[0].split())


def _value(room: str, name: str) -> Any:
    return getattr(import_module(f"{ROOT}.{room}"), name)


def _home(room: str, name: str) -> str:
    """Return the module of a room in which a name is written, without the room."""
    value = _value(room, name)
    module = import_module(f"{ROOT}.{room}")
    listed: dict[str, str] = getattr(module, "_HOMES", {})
    if name in listed:
        return listed[name]
    whole: str = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", "")
    if f"{ROOT}.{room}.{name}" in CONSTANTS and not whole:
        return {"CHANCE": "extensive", "TERMINAL": "extensive"}.get(name, "")
    return whole.removeprefix(f"{ROOT}.{room}").removeprefix(".")


def _steps() -> dict[str, tuple[str, ...]]:
    """Groups of the negotiation's models: what all share, then the steps of the account."""
    from ceasefire.bargaining import _HOMES
    from ceasefire.bargaining.registry import MODELS, STEPS

    shared = "What all models share"
    found: dict[str, list[str]] = {shared: ["registry", "interface", "_agreement"]}
    found |= {_capital(what): [] for what in STEPS.values()}
    for entry in MODELS:
        home = entry.home.partition(":")[0]
        heading = _capital(STEPS[entry.step])
        if not any(home in listed for listed in found.values()):
            found[heading].append(home)
    last = shared
    for home in _HOMES.values():  # a helper's results stand with the model they follow
        owner = next((h for h, listed in found.items() if home in listed), None)
        if owner is None:
            found[last].append(home)
        else:
            last = owner
    return {heading: tuple(listed) for heading, listed in found.items()}


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _parent(whole: str) -> str:
    return whole.rpartition(".")[0]
