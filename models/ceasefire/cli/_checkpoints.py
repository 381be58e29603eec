"""Checkpoints of estimates: what a run that stops leaves, for the next one to go on from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from ceasefire.calibration._climb import Ascent
    from ceasefire.calibration.posterior import Chains
    from ceasefire.calibration.problem import Problem
    from ceasefire.calibration.profiles import Profile

ANEW = "leave --resume out to start anew"


def save_chains(chains: Chains, problem: Problem, file: Path) -> None:
    """Write chains so that a kill leaves either the old file or the new one."""
    import numpy as np

    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        np.savez(
            stream, positions=chains.positions, log_likelihoods=chains.log_likelihoods,
            accepted=chains.accepted, seed=chains.seed, problem=problem.digest,
        )  # fmt: skip
    part.replace(file)


def load_chains(problem: Problem, file: Path) -> Chains | None:
    """Read chains; None where there is no file yet.

    Raises
    ------
    ArgumentError
        They are of another problem, or the file is none.
    """
    import numpy as np

    from ceasefire.calibration.posterior import Chains

    if not file.exists():
        return None
    try:
        with np.load(file) as kept:
            told = {name: kept[name] for name in kept.files}
        of = str(told["problem"])
    except (OSError, ValueError, KeyError) as error:
        raise ArgumentError("--resume", str(file), "a checkpoint of estimate", str(error)) from None
    _check(of, problem, file)
    return Chains(told["positions"], told["log_likelihoods"], told["accepted"], int(told["seed"]))


def save_parts(parts: Mapping[str, Any], problem: Problem, file: Path) -> None:
    """Write finished parts of a run as JSON."""
    part = file.with_name(file.name + ".part")
    part.write_text(json.dumps({"problem": problem.digest, "parts": dict(parts)}), encoding="utf-8")
    part.replace(file)


def load_parts(problem: Problem, file: Path) -> dict[str, Any]:
    """Read finished parts; none where there is no file yet.

    Raises
    ------
    ArgumentError
        They are of another problem, or the file is none.
    """
    if not file.exists():
        return {}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        of, parts = str(told["problem"]), dict(told["parts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArgumentError("--resume", str(file), "a checkpoint of estimate", str(error)) from None
    _check(of, problem, file)
    return parts


def plain_ascent(one: Ascent) -> dict[str, Any]:
    """Return an ascent as plain data."""
    return {
        "start": one.start.tolist(), "point": one.point.tolist(), "value": float(one.value),
        "evaluations": one.evaluations,
    }  # fmt: skip


def ascent(told: dict[str, Any]) -> Ascent:
    """Return an ascent from plain data."""
    import numpy as np

    from ceasefire.calibration._climb import Ascent

    start, point = np.array(told["start"]), np.array(told["point"])
    return Ascent(start, point, float(told["value"]), int(told["evaluations"]))


def plain_profile(one: Profile) -> dict[str, Any]:
    """Return a profile as plain data."""
    return {
        "parameter": one.parameter, "table": one.table.to_dict("list"),
        "maximum": float(one.maximum),
    }  # fmt: skip


def profile(told: dict[str, Any]) -> Profile:
    """Return a profile from plain data."""
    import pandas as pd

    from ceasefire.calibration.profiles import Profile

    return Profile(told["parameter"], pd.DataFrame(told["table"]), float(told["maximum"]))


def _check(of: str, problem: Problem, file: Path) -> None:
    if of != problem.digest:
        allowed = "a checkpoint of the same data, scenario, ranges and priors"
        raise ArgumentError("--resume", str(file), allowed, ANEW)
