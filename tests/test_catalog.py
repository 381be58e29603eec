"""The catalog of named games is a test fixture: what is known about a game is what solvers find."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire import games, solvers
from ceasefire.errors import ArgumentError
from ceasefire.games import catalog

KNOWN = [
    pytest.param(name, k, id=f"{name}-{s.concept}")
    for name in catalog.names()
    for k, s in enumerate(catalog.about(name).solutions)
]


def test_there_are_at_least_forty_games_each_with_a_source():
    assert len(catalog.names()) >= 40
    for name in catalog.names():
        entry = catalog.about(name)
        assert entry.title, name
        assert len(entry.source) > 10, name
        assert len(entry.about) > 10, name


@pytest.mark.parametrize("name", catalog.names())
def test_every_game_survives_gambits_format(name):
    game = catalog.load(name)
    assert game.is_exact
    assert games.parse(games.text(game)) == game


@pytest.mark.parametrize(("name", "which"), KNOWN)
def test_solvers_find_what_is_known(name, which):
    game, known = catalog.load(name), catalog.about(name).solutions[which]
    if known.concept == "nash" and isinstance(game, games.ExtensiveForm):
        for profile, pay in zip(known.strategies, known.payoffs, strict=True):
            proof = solvers.certify(game, np.concatenate([[float(p) for p in s] for s in profile]))
            assert proof.is_nash
            np.testing.assert_allclose(proof.payoffs, [float(u) for u in pay], atol=1e-12)
    elif known.concept == "nash":
        found = solvers.nash(game, exact=game.n_players == 2)
        if known.count is not None:
            assert len(found) == known.count
        listed = [[s.tolist() for s in e.strategies] for e in found]
        for profile in known.strategies:
            want = [list(map(float, s)) for s in profile]
            assert any(
                all(np.allclose([float(x) for x in s], t) for s, t in zip(e, want, strict=True))
                for e in listed
            )
    elif known.concept == "subgame-perfect":
        found = solvers.subgame_perfect(game)
        assert found.complete
        if known.count is not None:
            assert len(found) == known.count
        for pay in known.payoffs:
            assert any(np.allclose(e.payoffs, [float(u) for u in pay]) for e in found)
    elif known.concept == "correlated":
        best = solvers.correlated(game, objective="welfare").payoffs.sum()
        assert best == pytest.approx(float(known.payoffs[0]), abs=1e-9)
    elif known.concept == "value":
        solve = solvers.sequence_form if isinstance(game, games.ExtensiveForm) else solvers.one_nash
        assert float(solve(game).payoffs[0]) == pytest.approx(float(known.payoffs[0]), abs=1e-9)
    else:
        found = solvers.signalling(game) if name.startswith("beer") else [solvers.sequential(game)]
        for pay in known.payoffs:
            assert any(np.allclose(e.payoffs, [float(u) for u in pay], atol=1e-6) for e in found)


def test_savani_and_von_stengels_paths_grow_exponentially():
    lengths = [
        min(
            solvers.lemke_howson(
                catalog.load("savani-von-stengel", dimension=d), exact=True, label=label
            )[0].detail["pivots"]
            for label in range(2 * d)
        )
        for d in (2, 4, 6)
    ]
    assert lengths == [4, 8, 16]  # the shortest; all others are longer


def test_a_misspelt_name_or_parameter_is_named():
    with pytest.raises(ArgumentError, match="did you mean beer-quiche"):
        catalog.load("beer-quich")
    with pytest.raises(ArgumentError, match="rounds"):
        catalog.load("truce-two-types", round=3)
    with pytest.raises(ArgumentError, match="no parameters"):
        catalog.load("chicken", size=3)


def test_the_table_lists_every_game():
    table = catalog.table()
    assert table.index.tolist() == catalog.names()
    assert "nodes" in table.loc["truce-two-types", "size"]
