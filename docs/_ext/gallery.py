"""The gallery: every committed figure of results/, with what it shows and what makes it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from ceasefire.figures import FIGURES
from ceasefire.figures.paper import read_spec
from pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FAMILIES = {
    "truce": (
        "The truce of November 2023",
        "The scenario `november-2023`, solved. Its parameters were found by search, not estimated.",
    ),
    "propositions": ("Propositions", "What the model says in general, each at the baseline."),
    "extensions": ("Extensions", "One table of the scenario file switched on at a time."),
    "experiments": (
        "Experiments",
        "Drawn from the committed rows of `results/experiments/`.",
    ),
    "estimation": ("Estimation", "What the record of November 2023 says of the parameters."),
    "prediction": ("Prediction", "The model against simpler forecasts, day by day."),
}
ESTIMATE = "ceasefire estimate experiments/estimation/november-2023.toml"
# of figures outside the paper: what each shows, and what makes it
SHOWN = {
    "november-2023-profile": (
        "Profile likelihoods: the log-likelihood of the record with one parameter held at each "
        "value and the others refitted. A flat profile is a parameter that the record does not "
        "speak to.",
        f"$ {ESTIMATE} --method profile --figure profile",
    ),
    "november-2023-priors": (
        "Prior against posterior, a panel a parameter. Where the two agree the record has taught "
        "nothing.",
        f"$ {ESTIMATE} --method posterior --draws 20000 --figure posterior",
    ),
    "november-2023-pairs": (
        "Every pair of parameters as drawn from the posterior: which of them trade off.",
        f"$ {ESTIMATE} --method posterior --draws 20000 --figure posterior",
    ),
    "november-2023-identification": (
        "What each part of the record says of each parameter: Fisher information by event.",
        "$ python experiments/estimation/identification.py",
    ),
    "november-2023-contraction": (
        "How far the record has narrowed each prior, and what one further observed day is "
        "expected to add.",
        "$ python experiments/estimation/identification.py",
    ),
    "recovery-coverage": (
        "Recovery: 90% intervals of simulated data sets against the values that made the data.",
        "$ python experiments/estimation/recovery.py",
    ),
    "recovery-ranks": (
        "Ranks of the true values among posterior draws, uniform where posteriors are right.",
        "$ python experiments/estimation/recovery.py",
    ),
    "november-2023-rivals": (
        "Each batch of November 2023 as forecast the day before by the model and by simpler "
        "rivals, against what came; scores by day.",
        "$ ceasefire predict november-2023 --score --figure rivals",
    ),
    "simulated-truces": (
        "The same forecasts and scores over simulated truces.",
        "$ ceasefire predict november-2023 --score --truces 100 --figure truces",
    ),
    "simulated-truces-reliability": (
        "Reliability: how often a batch came, against the chance that it was given.",
        "$ ceasefire predict november-2023 --score --truces 100 --figure truces",
    ),
}
NARROW_MM = 100
THUMBNAIL = (640, 480)  # twice the width of a card


@dataclass(frozen=True)
class Shown:
    """A committed figure."""

    path: Path
    family: str
    caption: str
    made: str

    @property
    def name(self) -> str:
        """Name of its files."""
        return self.path.stem


def figures(root: Path) -> list[Shown]:
    """Return every figure of results/, in the order of the paper, then by name.

    Raises
    ------
    LookupError
        Nothing says what a figure shows.
    """
    results = root / "results"
    paper = _captions(results / "paper" / "captions.md")
    experiments = {
        item.name: item.run.experiment.spec.name
        for item in read_spec(root / "experiments" / "paper.toml", results / "experiments")
        if item.run
    }
    order = {name: place for place, name in enumerate([*paper, *SHOWN])}
    found = sorted(results.rglob("*.png"), key=lambda path: (order.get(path.stem, 999), path.stem))
    return [_shown(path, paper, experiments) for path in found]


def write(docs: Path) -> None:
    """Write the gallery, its thumbnails and the paper as a page."""
    root = docs.parent
    found = figures(root)
    pages = Pages(docs / "gallery")
    _thumbnails(found, docs / "gallery" / "thumbnails")
    notebooks = sorted((docs / "notebooks").glob("*.ipynb"))
    pages.write("index.md", index(found, notebooks))
    for family, (heading, about) in FAMILIES.items():
        shown = [one for one in found if one.family == family]
        pages.write(f"{family}.md", _family(heading, about, shown))
    pages.write("paper.md", _paper(root / "results" / "paper" / "paper.md"))
    pages.finish()
    cells = Pages(docs / "gallery" / "notebooks")
    for path in notebooks:
        cells.write(f"{path.stem}.md", _notebook(path))
    cells.finish()


def _shown(path: Path, paper: dict[str, str], experiments: dict[str, str]) -> Shown:
    name, folder = path.stem, path.parent.name
    if folder != "paper":
        if name not in SHOWN:
            raise LookupError(f"{path}: nothing in the gallery says what it shows")
        return Shown(path, folder, *SHOWN[name])
    if name not in paper:
        raise LookupError(f"{path}: not in captions.md; `ceasefire paper` writes both")
    command = f"$ ceasefire paper --only {name}"
    if name in FIGURES:
        drawn = f'>>> figures.figure("{name}", cf.load("november-2023"))'
        python = f">>> import ceasefire as cf\n>>> from ceasefire import figures\n{drawn}"
        return Shown(path, _family_of(name), paper[name], f"{command}\n{python}")
    run = f"$ ceasefire run experiments/{experiments[name]}.toml"
    return Shown(path, "experiments", paper[name], f"{run}\n{command}")


def _family_of(name: str) -> str:
    if re.fullmatch(r"p\d", name):
        return "propositions"
    return "extensions" if name.startswith("ext-") else "truce"


def _captions(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^\*\*(\S+)\.\*\* (.+)$", path.read_text("utf-8"), re.MULTILINE))


def _thumbnails(found: Iterable[Shown], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in found:
        path = folder / one.path.name
        if path.exists() and path.stat().st_mtime >= one.path.stat().st_mtime:
            continue
        with Image.open(one.path) as image:
            image.thumbnail(THUMBNAIL)
            image.convert("P", palette=Image.Palette.ADAPTIVE).save(path, optimize=True)


def index(found: list[Shown], notebooks: Iterable[Path] = ()) -> str:
    """Return the page of all thumbnails."""
    lines = [
        "# Gallery\n",
        f"The {len(found)} committed figures, each with what it shows and the commands that draw "
        "it.\n",
        "```{toctree}\n:hidden:\n",
        *[f"{heading} <{family}>" for family, (heading, _) in FAMILIES.items()],
        "The paper <paper>",
        *[f"notebooks/{path.stem}" for path in notebooks],
        "```\n",
    ]
    for family, (heading, about) in FAMILIES.items():
        lines += [f"## {heading}\n", f"{about}\n", ":::::{container} gallery\n"]
        lines += [_card(one) for one in found if one.family == family]
        lines += [":::::\n"]
    return "\n".join(lines)


def _card(one: Shown) -> str:
    return (
        f"::::{{figure}} thumbnails/{one.path.name}\n:alt: {one.name}\n"
        f":target: {one.family}.html#{one.name}\n\n{_head(one.caption)}\n::::\n"
    )


def _head(caption: str) -> str:
    """The first words of a caption: its first sentence, cut where it is long."""
    told = re.split(r"(?<=[a-z)])[.:] ", caption)[0].rstrip(".")
    return told if len(told) <= 110 else told[:105].rpartition(" ")[0].rstrip(",") + " ..."


def _family(heading: str, about: str, shown: list[Shown]) -> str:
    lines = [f"# {heading}\n", f"{about}\n"]
    for one in shown:
        folder = f"../../results/{one.path.parent.name}"
        files = [path.name for path in sorted(one.path.parent.glob(f"{one.name}.*"))]
        told = " · ".join(f"[{name}]({folder}/{name})" for name in files)
        shell = [line for line in one.made.splitlines() if line.startswith("$")]
        python = [line for line in one.made.splitlines() if line.startswith(">>>")]
        lines += [
            f"({one.name})=\n## {one.name}\n",
            f"```{{image}} {folder}/{one.path.name}\n:alt: {_head(one.caption)}\n"
            f":class: plate {_size(one.path)}\n```\n",
            f"{one.caption}\n",
            "```console\n" + "\n".join(shell) + "\n```\n",
        ]
        if python:
            lines += ["```pycon\n" + "\n".join(python) + "\n```\n"]
        lines += [f"{told}\n"]
    return "\n".join(lines)


def _size(path: Path) -> str:
    """Whether a figure is one column of print or two."""
    with Image.open(path) as image:
        dots = image.info.get("dpi", (300.0,))[0]
        return "narrow" if image.width / dots * 25.4 < NARROW_MM else "wide"


def _notebook(path: Path) -> str:
    """The cells of a notebook. It is kept without output: the tests run it."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    parts = []
    for cell in cells:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    told = (
        f"The notebook is [{path.name}](../../notebooks/{path.name}). It is kept without output; "
        "run it to see tables and pictures."
    )
    return "\n\n".join([*parts[:1], told, *parts[1:]]) + "\n"


def _paper(path: Path) -> str:
    """The paper's text with its figures, as a page of the site."""
    text = path.read_text("utf-8")
    text = re.sub(r"!\[([^\]]*)\]\(([^)/]+\.png)\)", r"![\1](../../results/paper/\2)", text)
    return text
