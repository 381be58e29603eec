"""Checkpoints of estimates and predictions: what a stopped run leaves to go on from."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ceasefire.calibration._climb import Ascent
    from ceasefire.calibration.posterior import Chains
    from ceasefire.calibration.prediction import Way
    from ceasefire.calibration.profiles import Profile

ANEW = "leave --resume out to start anew"


@dataclass
class Clock:
    """How long a run has taken, over all times that it was resumed, and on how busy a machine.

    Attributes
    ----------
    seconds : float
        Wall time up to the last mark.
    loads : list of float
        Processes that wanted a processor, averaged over a minute, at each mark.
    """

    seconds: float = 0.0
    loads: list[float] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def mark(self) -> None:
        """Take the time and the load."""
        now = time.monotonic()
        self.seconds, self.since = self.seconds + now - self.since, now
        if hasattr(os, "getloadavg"):
            self.loads.append(round(os.getloadavg()[0], 2))

    def told(self) -> dict[str, Any]:
        """Return what goes into the record of a run."""
        mean = round(sum(self.loads) / len(self.loads), 2) if self.loads else None
        return {"seconds": round(self.seconds, 1), "mean_load": mean, "cpus": os.cpu_count()}


def resting_on(*inputs: object) -> str:
    """Digest of all that a checkpoint rests on, code among it: another search is another run."""
    from ceasefire.calibration.problem import digest_of
    from ceasefire.experiment.provenance import code_version, source_digest

    return digest_of([*inputs, code_version(()), source_digest(("calibration",))])


def save_chains(chains: Chains, digest: str, file: Path, clock: Clock) -> None:
    """Write chains so that a kill leaves either the old file or the new one."""
    import numpy as np

    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        np.savez(
            stream, positions=chains.positions, log_likelihoods=chains.log_likelihoods,
            accepted=chains.accepted, seed=chains.seed, problem=digest,
            seconds=clock.seconds, loads=clock.loads,
        )  # fmt: skip
    part.replace(file)


def load_chains(digest: str, file: Path) -> tuple[Chains, Clock] | None:
    """Read chains and what they took; None where there is no file yet.

    Raises
    ------
    ArgumentError
        They are of another problem, or the file is none.
    """
    if not file.exists():
        return None
    of, chains, clock = _chains("--resume", file)
    _check(of, digest, file)
    return chains, clock


def _chains(option: str, file: Path) -> tuple[str, Chains, Clock]:
    """Digest of a checkpoint of chains, the chains, and what they took."""
    import numpy as np

    from ceasefire.calibration.posterior import Chains

    try:
        with np.load(file) as kept:
            told = {name: kept[name] for name in kept.files}
        of, seed = str(told["problem"]), int(told["seed"])
        chains = Chains(told["positions"], told["log_likelihoods"], told["accepted"], seed)
        return of, chains, Clock(float(told["seconds"]), told["loads"].tolist())
    except (OSError, ValueError, KeyError) as error:
        raise ArgumentError(option, str(file), "a checkpoint", str(error)) from None


def save_parts(parts: Mapping[str, Any], digest: str, file: Path) -> None:
    """Write finished parts of a run as JSON, with the digest of all that they rest on."""
    part = file.with_name(file.name + ".part")
    part.write_text(json.dumps({"problem": digest, "parts": dict(parts)}), encoding="utf-8")
    part.replace(file)


def load_parts(digest: str, file: Path) -> dict[str, Any]:
    """Read finished parts; none where there is no file yet.

    Raises
    ------
    ArgumentError
        They are of another problem, or the file is none.
    """
    if not file.exists():
        return {}
    of, parts = _parts("--resume", file)
    _check(of, digest, file)
    return parts


def refuse_other(file: Path) -> None:
    """Refuse to write over, and in the end remove, a file that is no checkpoint.

    Raises
    ------
    ArgumentError
        There is such a file, or no folder to write to.
    """
    if file.exists():
        (_chains if file.suffix == ".npz" else _parts)("--checkpoint", file)
    elif not (file.parent.is_dir() and os.access(file.parent, os.W_OK)):
        allowed = "a file in a folder that can be written to"
        raise ArgumentError("--checkpoint", str(file), allowed)


def _parts(option: str, file: Path) -> tuple[str, dict[str, Any]]:
    """Digest and parts of a checkpoint."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return str(told["problem"]), dict(told["parts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArgumentError(option, str(file), "a checkpoint", str(error)) from None


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


def plain_ways(found: Mapping[Way, float] | None) -> list[list[Any]] | None:
    """Return the ways of a draw of :func:`ceasefire.calibration.predict` as plain data."""
    return None if found is None else [[*way[:3], way.ending.value, m] for way, m in found.items()]


def ways(told: list[list[Any]] | None) -> dict[Way, float] | None:
    """Return the ways of a draw from plain data."""
    from ceasefire.calibration.prediction import Way
    from ceasefire.truce import Ending

    if told is None:
        return None
    return {
        Way(batches, delivered, tuple(captives), Ending(ending)): mass
        for batches, delivered, captives, ending, mass in told
    }


def _check(of: str, digest: str, file: Path) -> None:
    if of != digest:
        allowed = "a checkpoint of the same data, scenario, ranges and priors, or draws, and code"
        raise ArgumentError("--resume", str(file), allowed, ANEW)
