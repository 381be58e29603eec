"""`ceasefire model list`: which model answers a question. Reads the registry alone."""

from __future__ import annotations

import json

from ceasefire.bargaining.registry import MODELS, STEPS
from ceasefire.cli.text import wrapped

SOURCE = "../models/ceasefire/bargaining"
PAGE = """# Which model answers my question

One line a question, in the order in which the deal came about. `ceasefire model show NAME` has
the mathematics, the parameters and the sources of a model, `ceasefire model solve NAME` its answer
for a scenario with a certificate, `ceasefire model solve NAME --figure FILE.png` its picture. In
Python: `bargaining.model(NAME).from_scenario(scenario)`. [The account, point by
point](negotiation.md) has the numbers for November 2023; the truce itself is in [the
model](model.md), other games under [which solver answers what](solvers.md).

"Checked against" names the published results whose numbers the tests reproduce by two routes;
"points" are those of the account. Written by `ceasefire model list --markdown`.
"""


def listing(form: str | None) -> str:
    """Every model with its question, by step of the account."""
    rows = [
        {"name": one.name, "step": one.step, "question": one.question,
         "checks": list(one.checks), "points": list(one.points)}
        for one in MODELS
    ]  # fmt: skip
    if form == "json":
        return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    if form == "markdown":
        return _page()
    if form == "csv":
        import pandas as pd

        from ceasefire.cli import show

        return show.machine(pd.DataFrame(rows), "csv")
    lines = []
    for step, what in STEPS.items():
        listed = [one for one in MODELS if one.step == step]
        if listed:
            lines += ["", f"{step}: {what}"]
        for one in listed:
            lines += [f"  {one.name}", *wrapped(one.question, "    ")]
    return "\n".join(lines[1:]) + "\n"


def _page() -> str:
    """The page docs/models.md: a table a step."""
    lines = [PAGE]
    for step, what in STEPS.items():
        rows = [one for one in MODELS if one.step == step]
        if not rows:
            continue
        lines += [f"## {what[0].upper()}{what[1:]}", ""]
        lines += [
            "| your question | model | checked against | points |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {one.question} | [`{one.name}`]({SOURCE}/{one.home.partition(':')[0]}.py) | "
            f"{', '.join(one.checks) or 'own form'} | {', '.join(map(str, one.points))} |"
            for one in rows
        ]
        lines.append("")
    return "\n".join(lines)
