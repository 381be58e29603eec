"""`ceasefire warm-up`: compile now what the commands would compile when they need it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from ceasefire.cli import compiled
from ceasefire.cli.text import examples
from ceasefire.cli.waiting import Compiles, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    Step = tuple[str, Callable[[], object]]

GROUPS = ("truce", "games", "repeated", "stochastic")
FAILED = 1
DAY = {"release, pause": [4, 3], "release, strike": [-2, 4], "hold, pause": [7, -3],
       "hold, strike": [0, 0]}  # fmt: skip
ACTIONS = {"captor": ["release", "hold"], "pauser": ["pause", "strike"]}


@click.command(
    "warm-up",
    epilog=examples("ceasefire warm-up", "ceasefire warm-up truce", "ceasefire warm-up --again"),
)
@click.argument("groups", nargs=-1, metavar="[GROUP]...", type=click.Choice(GROUPS))
@click.option("--again", is_flag=True, help="Delete what is compiled and compile it anew.")
def warm_up(groups: tuple[str, ...], again: bool) -> None:
    """Compile the loops now, so that no later run waits.

    GROUP is truce (solve, extension, compare, report, run, estimate, predict), games,
    repeated or stochastic (game); default: all. A second time there is nothing to do.
    """
    if again:
        click.echo(f"deleted {compiled.forget()} files of compiled loops")
    import numba  # noqa: F401 # loaded first, so that its first compile is heard

    compiles = Compiles()
    compiles.attach()
    failed = 0
    since = time.perf_counter()
    with quiet():
        for group in groups or GROUPS:
            for what, do in steps(group):
                failed += not _step(f"{group}: {what}", do, compiles)
    compiles.detach()
    took = time.perf_counter() - since
    if compiles.count:
        click.echo(f"compiled in {compiles.seconds:.0f} s, {took:.0f} s in all")
    else:
        click.echo(f"nothing to do: all was compiled before ({took:.0f} s to look)")
    for folder in sorted({str(loops.folder) for loops in compiled.inventory()}):
        click.echo(f"kept in {folder}")
    if failed:
        sys.exit(FAILED)


def _step(name: str, do: Callable[[], object], compiles: Compiles) -> bool:
    """Do one; say how long it compiled, or why it did not work, and go on."""
    before = compiles.seconds
    if sys.stderr.isatty():
        click.echo(f"{name} ...\r", err=True, nl=False)
    try:
        do()
    except Exception as error:  # each on its own: the others are compiled all the same
        hint = f"\n  {compiled.NO_FOLDER}" if compiled.finds_no_folder(error) else ""
        click.echo(f"{name:40} failed: {type(error).__name__}: {error}{hint}", err=True)
        return False
    spent = compiles.seconds - before
    click.echo(f"{name:40} {f'{spent:5.1f} s' if spent else '  ready'}", err=True)
    return True


def steps(group: str) -> Iterator[Step]:
    """Yield small problems that call the loops of a group, each with what it is."""
    yield from {
        "truce": _truce, "games": _games, "repeated": _repeated, "stochastic": _stochastic,
    }[group]()  # fmt: skip


def _truce() -> Iterator[Step]:
    def solve(**changes: str) -> Callable[[], object]:
        def do() -> object:
            import ceasefire
            from ceasefire import truce

            loaded = ceasefire.load("november-2023").replace(changes)
            found = truce.solve(loaded, throw=False)
            return found.certificate, found.course()

        return do

    def extension() -> object:
        import ceasefire
        from ceasefire import truce

        found = truce.solve(ceasefire.load("november-2023"))
        return truce.extension(found), truce.one_more_day(found, 28, 6, 0.6, [10.0])

    yield "the truce", solve()
    yield "its windows", extension
    yield "partial batches", solve(partial_batches="on")
    yield "a mediator", solve(mediator="on")
    yield "doubt in the resolve", solve(resolve="on")
    yield "a second category", solve(second_category="on")


def _games() -> Iterator[Step]:
    def called(solver: str, game: str, **options: object) -> Callable[[], object]:
        def do() -> object:
            from ceasefire import solvers
            from ceasefire.games import catalog

            return getattr(solvers, solver)(catalog.load(game), **options)

        return do

    def larger(exact: bool = False, ties: bool = False) -> Callable[[], object]:
        def do() -> object:
            from ceasefire import solvers
            from ceasefire.games import NormalForm

            tables = _generator().integers(0, 3 if ties else 10_000, (2, 12, 12)).astype(float)
            return solvers.nash(NormalForm.bimatrix(*tables), exact=exact)

        return do

    def sweep() -> object:
        from ceasefire import solvers

        return solvers.nash_batch(*_generator().integers(0, 10_000, (2, 3, 9, 9)).astype(float))

    def many() -> object:
        from ceasefire import solvers

        return solvers.nash_batch([[[2, 0], [0, 1]]] * 2, [[[1, 0], [0, 2]]] * 2)

    yield "two players", called("nash", "chicken")
    yield "two players, larger", larger()
    yield "two players, larger, with ties", larger(ties=True)
    yield "two players, degenerate", called("nash", "von-stengel-degenerate")
    yield "two players, in fractions", called("nash", "savani-von-stengel", exact=True)
    yield "one equilibrium", called("lemke_howson", "savani-von-stengel", label=0)
    yield "two players, larger, in fractions", larger(exact=True)
    yield "several players", called("nash", "jordan")
    yield "logit", called("logit", "chicken", precision=1.0)
    yield "logit on trees", called("logit", "beer-quiche", precision=1.0)
    yield "paths of logit", called("logit_path", "chicken")
    yield "backward induction", called("subgame_perfect", "centipede")
    yield "one equilibrium of a tree", called("one_nash", "kuhn-poker")
    yield "sequential equilibrium", called("sequential", "selten-horse")
    yield "sequence form", called("sequence_form", "truce-two-types")
    yield "many games at once", many
    yield "many larger games at once", sweep


def _repeated() -> Iterator[Step]:
    def called(solver: str, signals: bool = False, **options: object) -> Callable[[], object]:
        def do() -> object:
            from ceasefire import solvers
            from ceasefire.games.toml import parse_toml

            told = {"kind": "repeated", "discount": 0.75, "actions": ACTIONS, "payoffs": DAY}
            if signals:
                told["signals"] = {"release, pause": {"kept": 0.9, "broken": 0.1},
                                   "else": {"kept": 0.5, "broken": 0.5}}  # fmt: skip
            return getattr(solvers, solver)(parse_toml(told).game, **options)  # type: ignore[union-attr]

        return do

    yield "sets of payoffs", called("payoff_set")
    yield "sets of payoffs, in fractions", called("payoff_set", exact=True)
    yield "sets of payoffs with transfers", called("payoff_set", transfers=True)
    yield (
        "sets of payoffs under signals",
        called("payoff_set", signals=True, throw=False, max_iterations=3),
    )
    yield (
        "sets of payoffs, no lottery",
        called("payoff_set", public_randomisation=False, throw=False),
    )
    yield "worst punishments", called("penal_code")


def _stochastic() -> Iterator[Step]:
    def called(solver: str, ends: bool = False, **options: object) -> Callable[[], object]:
        def do() -> object:
            from ceasefire import solvers
            from ceasefire.games.toml import parse_toml

            going: object = {"release, pause": {"pause": 0.95, "war": 0.05}, "else": "war"}
            if ends:
                going = "war"
            over = {"actions": {}, "payoffs": [0, 0], "next": "war"}
            pause = {"payoffs": DAY, "next": going}
            return getattr(solvers, solver)(parse_toml({
                "kind": "stochastic", "discount": 0.9, "players": list(ACTIONS),
                "actions": ACTIONS, "states": {"pause": pause, "war": over},
            }), **options)  # fmt: skip

        return do

    def opposed() -> object:
        from ceasefire import solvers
        from ceasefire.games import StochasticGame

        stage = [[[1, -1], [-1, 2]], [[-1, 1], [1, -2]]]
        law = [[[0.5, 0.5], [0, 1]], [[0, 1], [0.5, 0.5]]]
        over = [[[0]], [[0]]]
        return solvers.markov_perfect(StochasticGame([stage, over], [law, [[[0, 1]]]], 0.6))

    def paths() -> object:
        from ceasefire import solvers

        found = called("markov_perfect")()[0]  # type: ignore[index]
        drawn = solvers.simulate_markov(found, periods=3, plays=2, rng=_generator())
        return solvers.expected_path(found, periods=3), drawn

    yield "Markov perfect equilibria", called("markov_perfect")
    yield "Markov perfect, in fractions", called("markov_perfect", ends=True, exact=True)
    yield "opposed interests", opposed
    yield "one, by following a path", called("markov_trace")
    yield "Markov logit", called("markov_logit", precision=1.0)
    yield "paths of play", paths
    yield "sets of payoffs by state", called("payoff_set")
    yield "relational contracts", called("relational", negotiation=0.5)


def _generator() -> np.random.Generator:
    from numpy.random import default_rng

    return default_rng(0)
