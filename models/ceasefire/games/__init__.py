"""What is played: games in strategic and extensive form and repeated, read, written, by name."""

from __future__ import annotations

from ceasefire.games import catalog
from ceasefire.games._state_rules import Outcome, StateGame
from ceasefire.games.allocation import AllocationProblem
from ceasefire.games.automaton import Automaton
from ceasefire.games.bayesian import BayesianGame
from ceasefire.games.extensive import CHANCE, TERMINAL, Chance, Decision, End, ExtensiveForm
from ceasefire.games.gambit import FormatError, parse, read, text, write
from ceasefire.games.nashpy import from_nashpy, to_nashpy
from ceasefire.games.normal import NormalForm
from ceasefire.games.problem import BargainingProblem
from ceasefire.games.repeated import PublicSignals, RepeatedGame
from ceasefire.games.stochastic import StochasticGame
from ceasefire.games.toml import RepeatedFile, read_toml

__all__ = [
    "NormalForm",
    "BayesianGame",
    "ExtensiveForm",
    "AllocationProblem",
    "Decision",
    "Chance",
    "End",
    "RepeatedGame",
    "PublicSignals",
    "Automaton",
    "StochasticGame",
    "StateGame",
    "Outcome",
    "BargainingProblem",
    "CHANCE",
    "TERMINAL",
    "read",
    "write",
    "read_toml",
    "RepeatedFile",
    "parse",
    "text",
    "FormatError",
    "catalog",
    "to_nashpy",
    "from_nashpy",
]
