"""Bayesian estimation: posterior draws by ensembles of walkers, and how far to trust them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from ceasefire.calibration._calls import in_order
from ceasefire.calibration.diagnostics import bulk_size, split_r_hat, tail_size
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.calibration.problem import Problem

BLOCK = 25  # steps between checkpoints; part of the key of the randomness
FAR = 8.0  # normal scores beyond are cut off: the prior has 1e-15 there
TRIES = 200  # prior draws a walker may take to find a start of positive likelihood
R_HAT: Final = 1.01  # largest that counts as mixed (Vehtari et al. 2021)
LEAST_SIZE = 400.0  # effective draws that make R-hat itself worth reading (the same, section 4)
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, eq=False)
class Chains(Displayed):
    """All steps of all ensembles so far: what a checkpoint keeps.

    Attributes
    ----------
    positions : ndarray, shape (ensembles, steps, walkers, parameters)
        Normal scores of the prior's cumulative probabilities; the first step is the start.
    log_likelihoods : ndarray, shape (ensembles, steps, walkers)
    accepted : ndarray of int, shape (ensembles,)
        Moves taken.
    seed : int
        Of all randomness.
    """

    positions: NDArray[np.float64]
    log_likelihoods: NDArray[np.float64]
    accepted: NDArray[np.int64]
    seed: int

    @property
    def steps(self) -> int:
        """Steps taken by every ensemble, the start not counted."""
        return int(self.positions.shape[1]) - 1


@dataclass(frozen=True, eq=False)
class Posterior(Displayed):
    """Draws from a posterior.

    Attributes
    ----------
    problem : Problem
        Of what.
    chains : Chains
        All steps.
    burn_in : int
        Steps thrown away.
    """

    problem: Problem
    chains: Chains = field(repr=False)
    burn_in: int

    def __repr__(self) -> str:
        """Say how many draws, and whether they have mixed."""
        return f"Posterior({self.problem.name!r}: {len(self.draws)} draws, {self.status})"

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Theta at each kept step, shape (ensembles, steps, walkers, parameters)."""
        from scipy.special import ndtr

        return self.problem.theta(ndtr(self.chains.positions[:, self.burn_in + 1 :]))

    @cached_property
    def draws(self) -> pd.DataFrame:
        """A row a draw: ensemble, step, walker, a column a parameter, log_likelihood."""
        import pandas as pd

        told = self.values
        where = np.indices(told.shape[:3]).reshape(3, -1)
        frame = pd.DataFrame(dict(zip(("ensemble", "step", "walker"), where, strict=True)))
        frame["step"] += self.burn_in + 1
        for i, name in enumerate(self.problem.names):
            frame[name] = told[..., i].ravel()
        frame["log_likelihood"] = self.chains.log_likelihoods[:, self.burn_in + 1 :].ravel()
        return frame

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row a parameter: what is known of it, and how well its draws have mixed.

        Columns: mean, sd, q5, q50, q95 of the draws; prior_q5, prior_q50, prior_q95; r_hat,
        ess_bulk, ess_tail; contraction, 1 - var(z), z the normal score of the prior's
        cumulative probability: 0 where the data say nothing, near 1 where they say much.
        """
        import pandas as pd

        low, middle, high = (self.problem.theta([q] * len(self.problem.names)) for q in QUANTILES)
        rows = []
        for i, name in enumerate(self.problem.names):
            draws = self.values[..., i]
            scores = self.chains.positions[:, self.burn_in + 1 :, :, i]
            ends = np.quantile(draws, QUANTILES)
            rows.append(
                {
                    "parameter": name,
                    "mean": draws.mean(),
                    "sd": draws.std(ddof=1),
                    **dict(zip(("q5", "q50", "q95"), ends, strict=True)),
                    "prior_q5": low[i], "prior_q50": middle[i], "prior_q95": high[i],
                    "contraction": 1.0 - scores.var(),
                    "r_hat": split_r_hat(scores),
                    "ess_bulk": bulk_size(scores),
                    "ess_tail": tail_size(scores),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def acceptance(self) -> float:
        """Share of moves taken."""
        count = self.chains.positions.shape
        return float(self.chains.accepted.sum() / max(count[0] * (count[1] - 1) * count[2], 1))

    @property
    def mixed(self) -> bool:
        """Whether every R-hat is below 1.01 and every effective size above 400."""
        told = self.summary
        least = min(told["ess_bulk"].min(), told["ess_tail"].min())
        return bool(told["r_hat"].max() < R_HAT and least >= LEAST_SIZE)

    @property
    def status(self) -> str:
        """In words: mixed, or how far from it."""
        told = self.summary
        worst, least = told["r_hat"].max(), min(told["ess_bulk"].min(), told["ess_tail"].min())
        return (
            f"{'mixed' if self.mixed else 'NOT mixed'}: largest R-hat {worst:.4f}, "
            f"smallest effective size {least:.0f}"
        )

    def table(self) -> pd.DataFrame:
        """Return the summary."""
        return self.summary


def sample_posterior(
    problem: Problem,
    *,
    draws: int | None = None,
    ensembles: int | None = None,
    walkers: int | None = None,
    burn_in: int | None = None,
    seed: int | None = None,
    resume: Chains | None = None,
    keep: Callable[[Chains, int], None] | None = None,
    executor: Executor | None = None,
) -> Posterior:
    """Draw from the posterior of a problem's parameters.

    The density is proportional to L(theta) p(theta). Walkers live in z, the normal scores of
    the prior's cumulative probabilities, where the prior is a standard normal whatever its
    shape and range, so the target is L(theta(z)) exp(-z'z / 2).

    Parameters
    ----------
    problem : Problem
        What is estimated; its settings are the defaults of the rest.
    draws : int, optional
        To be kept at least, over all ensembles and walkers.
    ensembles : int, optional
        Independent ensembles, which R-hat is taken between; 2 or more.
    walkers : int, optional
        In each ensemble, at least twice the parameters.
    burn_in : int, optional
        Steps thrown away from the start of each ensemble.
    seed : int, optional
        Of all randomness.
    resume : Chains, optional
        Go on from here; the result is that of a run without a break.
    keep : function (chains, steps that will be) -> None, optional
        Called after every 25 steps, for checkpoints and progress.
    executor : Executor, optional
        Ensembles are sent to its processes; the result does not depend on it.

    Raises
    ------
    ArgumentError
        A number that makes no run, or chains of another one.
    SolveError
        No start of positive likelihood was found in the prior.

    Notes
    -----
    Ensembles of emcee. Of ten moves five are of differential evolution or its snooker, along
    differences of other walkers and so affine-invariant (ter Braak and Vrugt 2008; Nelson, Ford
    and Payne 2014), which serve where data say much; five are fresh draws from the prior, which
    serve where they say little, and jump between islands. Randomness is keyed by seed, ensemble
    and block of 25 steps. A likelihood with kinks and jumps is no trouble; islands that no
    ensemble found are, and R-hat sees them only where ensembles differ: starts are draws from the
    prior, as far apart as it is. Time grows with ensembles x walkers x steps solves.

    References
    ----------
    Goodman and Weare (2010), Communications in Applied Mathematics and Computational Science 5.
    Foreman-Mackey, Hogg, Lang and Goodman (2013), "emcee: the MCMC hammer", PASP 125.

    Examples
    --------
    >>> from ceasefire import calibration as cal
    >>> exchange = cal.read("november-2023")
    >>> problem = cal.Problem(exchange.scenario(), (exchange.observation(),),
    ...                       (cal.Parameter("lam", 0.005, 0.2),))
    >>> found = cal.sample_posterior(problem, draws=80, ensembles=2, walkers=4, burn_in=5, seed=1)
    >>> len(found.draws) >= 80, found.draws.columns.tolist()[3:]
    (True, ['lam', 'log_likelihood'])
    """
    told = problem.settings
    plan = _Plan(
        problem,
        told.draws if draws is None else draws,
        told.ensembles if ensembles is None else ensembles,
        told.walkers if walkers is None else walkers,
        told.burn_in if burn_in is None else burn_in,
        told.seed if seed is None else seed,
    )
    plan.check(resume)
    chains = resume or plan.start()
    while chains.steps < plan.steps:
        chains = plan.further(chains, executor)
        if keep is not None:
            keep(chains, plan.steps)
    return Posterior(problem, chains, plan.burn_in)


@dataclass(frozen=True)
class _Plan:
    problem: Problem
    draws: int
    ensembles: int
    walkers: int
    burn_in: int
    seed: int

    @property
    def steps(self) -> int:
        """Steps of each ensemble, in whole blocks."""
        kept = math.ceil(self.draws / (self.ensembles * self.walkers))
        return math.ceil((self.burn_in + max(kept, BLOCK)) / BLOCK) * BLOCK

    def check(self, resume: Chains | None) -> None:
        size = len(self.problem.names)
        for name, least in (("draws", 1), ("ensembles", 2), ("burn_in", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise ArgumentError(name, getattr(self, name), f"a whole number from {least}")
        least = max(2 * size, 4)
        if self.walkers < least:
            raise ArgumentError("walkers", self.walkers, f"at least {least}, twice the parameters")
        if resume is not None:
            shape = resume.positions.shape
            same = (shape[0], shape[2], shape[3], resume.seed)
            if same != (self.ensembles, self.walkers, size, self.seed) or resume.steps % BLOCK:
                allowed = "chains of the same ensembles, walkers, parameters and seed"
                raise ArgumentError("resume", same, allowed, "start anew, or give the old numbers")

    def start(self) -> Chains:
        """Walkers at draws from the prior of positive likelihood."""
        size = len(self.problem.names)
        positions = np.empty((self.ensembles, 1, self.walkers, size))
        found = np.empty((self.ensembles, 1, self.walkers))
        for e in range(self.ensembles):
            rng = np.random.default_rng((self.seed, e))
            for w in range(self.walkers):
                positions[e, 0, w], found[e, 0, w] = _possible(self.problem, rng)
        return Chains(positions, found, np.zeros(self.ensembles, dtype=np.int64), self.seed)

    def further(self, chains: Chains, executor: Executor | None) -> Chains:
        """One more block of every ensemble."""
        block = chains.steps // BLOCK
        calls = [
            (
                self.problem,
                (self.seed, e, block),
                chains.positions[e, -1],
                chains.log_likelihoods[e, -1],
            )
            for e in range(self.ensembles)
        ]
        done = in_order(_advance, calls, executor)
        positions, found, accepted = (np.stack(part) for part in zip(*done, strict=True))
        return Chains(
            np.concatenate((chains.positions, positions), axis=1),
            np.concatenate((chains.log_likelihoods, found), axis=1),
            chains.accepted + accepted,
            self.seed,
        )


def _possible(problem: Problem, rng: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    """Draw from the prior until the likelihood is positive."""
    for _ in range(TRIES):
        scores = rng.normal(size=len(problem.names))
        value = _log_likelihood(scores, problem)
        if value > -math.inf:
            return scores, value
    message = (
        f"no start: {TRIES} draws from the prior all have likelihood 0; "
        "look at calibration.log_likelihood(...).terms for the part that cannot be"
    )
    raise SolveError(message)


def _log_likelihood(scores: NDArray[np.float64], problem: Problem) -> float:
    from scipy.special import ndtr

    return problem.log_likelihood(problem.theta(ndtr(scores)))


def _target(scores: NDArray[np.float64], problem: Problem) -> tuple[float, float]:
    """Log-density at the normal scores, and the log-likelihood."""
    if np.abs(scores).max() > FAR:
        return -math.inf, -math.inf
    value = _log_likelihood(scores, problem)
    return value - 0.5 * float(scores @ scores), value


def _advance(
    problem: Problem,
    key: tuple[int, int, int],
    positions: NDArray[np.float64],
    found: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Take a block of steps of one ensemble from its last positions."""
    import emcee  # type: ignore[import-untyped]  # ships no types

    moves = [
        (emcee.moves.DEMove(), 0.4),
        (emcee.moves.DESnookerMove(), 0.1),
        (emcee.moves.MHMove(_fresh), 0.5),
    ]
    sampler = emcee.EnsembleSampler(*positions.shape, _target, args=(problem,), moves=moves)
    words = np.random.SeedSequence(key).generate_state(8)
    random = np.random.RandomState(words).get_state()  # what emcee takes
    state = emcee.State(
        positions, log_prob=found - 0.5 * (positions**2).sum(axis=1), blobs=found,
        random_state=random,
    )  # fmt: skip
    sampler.run_mcmc(state, BLOCK)
    accepted = round(float(sampler.backend.accepted.sum()))
    return sampler.get_chain(), np.asarray(sampler.get_blobs(), dtype=float), accepted


def _fresh(
    positions: NDArray[np.float64], random: np.random.RandomState
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw from the prior, and the log-ratio of the proposal's densities, old over new."""
    fresh = random.normal(size=positions.shape)
    return fresh, 0.5 * ((fresh**2).sum(axis=1) - (positions**2).sum(axis=1))
