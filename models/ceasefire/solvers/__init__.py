"""How it is solved: one file a solution concept, one call shape."""

from __future__ import annotations

from ceasefire.solvers._unrandomised import UnrandomisedSet
from ceasefire.solvers.agreement import assess_agreement
from ceasefire.solvers.automata import (
    AutomatonCheck,
    AutomatonValue,
    Deviation,
    automaton_value,
    check_automaton,
)
from ceasefire.solvers.axiomatic import BargainingSolution, axiomatic
from ceasefire.solvers.batch import BatchEquilibria, nash_batch
from ceasefire.solvers.certificate import regret
from ceasefire.solvers.communication import Communication, communication, largest_gain
from ceasefire.solvers.continuation import (
    Continuation,
    Fold,
    SupportChange,
    continue_equilibrium,
)
from ceasefire.solvers.correlated import Correlated, correlated
from ceasefire.solvers.critical_discount import (
    CriticalDiscount,
    critical_discount,
    critical_discount_curve,
)
from ceasefire.solvers.extension_threshold import ExtensionThreshold, extension_threshold
from ceasefire.solvers.finite_horizon import FiniteHorizon, finite_horizon
from ceasefire.solvers.logit import Logit, LogitPath, logit, logit_path, trace
from ceasefire.solvers.logit_fit import LogitFit, logit_fit
from ceasefire.solvers.markov import MarkovCertificate, MarkovEquilibrium, markov_equilibrium
from ceasefire.solvers.markov_homotopy import (
    MarkovLogit,
    MarkovPath,
    PathRecord,
    markov_logit,
    markov_logit_path,
    markov_trace,
)
from ceasefire.solvers.markov_paths import (
    ExpectedPath,
    SimulatedPaths,
    expected_path,
    simulate_markov,
)
from ceasefire.solvers.markov_perfect import markov_perfect
from ceasefire.solvers.mechanism import Mechanism, mechanism
from ceasefire.solvers.mechanism_certificate import MechanismCertificate, Multipliers
from ceasefire.solvers.minmax import Minmax, minmax
from ceasefire.solvers.nash import lemke_howson, nash, one_nash
from ceasefire.solvers.payoff_set import payoff_set, payoff_sets
from ceasefire.solvers.penal_code import PenalCode, penal_code
from ceasefire.solvers.public_monitoring import (
    LimitSet,
    RankCondition,
    RankConditions,
    limit_payoff_set,
    rank_conditions,
)
from ceasefire.solvers.rationalizable import Elimination, Rationalizable, rationalizable
from ceasefire.solvers.relational import Relational, relational
from ceasefire.solvers.result import Component, Equilibria, Equilibrium
from ceasefire.solvers.sequence_form import sequence_form
from ceasefire.solvers.sequential import Assessment, Condition, assess, sequential
from ceasefire.solvers.sets import PayoffSet, SelfGeneration
from ceasefire.solvers.signalling import SignallingComponent, signalling
from ceasefire.solvers.simulation import Simulation, simulate
from ceasefire.solvers.strongly_symmetric import (
    StronglySymmetric,
    strongly_symmetric,
    symmetric_critical_discount,
)
from ceasefire.solvers.subgame_perfect import subgame_perfect
from ceasefire.solvers.tree_certificate import TreeCertificate, certify, certify_exactly
from ceasefire.solvers.triggers import (
    TriggerRegime,
    best_trigger,
    surveillance_value,
    trigger_regime,
)

__all__ = [
    "axiomatic",
    "BargainingSolution",
    "assess_agreement",
    "nash",
    "one_nash",
    "lemke_howson",
    "nash_batch",
    "correlated",
    "Correlated",
    "communication",
    "Communication",
    "largest_gain",
    "rationalizable",
    "Rationalizable",
    "Elimination",
    "trace",
    "logit",
    "logit_path",
    "logit_fit",
    "Logit",
    "LogitPath",
    "LogitFit",
    "subgame_perfect",
    "sequence_form",
    "sequential",
    "assess",
    "Assessment",
    "Condition",
    "signalling",
    "SignallingComponent",
    "mechanism",
    "Mechanism",
    "MechanismCertificate",
    "Multipliers",
    "minmax",
    "Minmax",
    "penal_code",
    "PenalCode",
    "UnrandomisedSet",
    "payoff_set",
    "payoff_sets",
    "relational",
    "Relational",
    "PayoffSet",
    "SelfGeneration",
    "critical_discount",
    "critical_discount_curve",
    "CriticalDiscount",
    "extension_threshold",
    "ExtensionThreshold",
    "finite_horizon",
    "FiniteHorizon",
    "automaton_value",
    "AutomatonValue",
    "check_automaton",
    "AutomatonCheck",
    "Deviation",
    "simulate",
    "Simulation",
    "certify",
    "certify_exactly",
    "TreeCertificate",
    "regret",
    "markov_perfect",
    "expected_path",
    "simulate_markov",
    "ExpectedPath",
    "SimulatedPaths",
    "markov_equilibrium",
    "MarkovEquilibrium",
    "markov_logit",
    "markov_logit_path",
    "markov_trace",
    "MarkovLogit",
    "MarkovPath",
    "PathRecord",
    "continue_equilibrium",
    "Continuation",
    "Fold",
    "SupportChange",
    "MarkovCertificate",
    "BatchEquilibria",
    "Component",
    "Equilibria",
    "Equilibrium",
    "rank_conditions",
    "RankConditions",
    "RankCondition",
    "limit_payoff_set",
    "LimitSet",
    "strongly_symmetric",
    "symmetric_critical_discount",
    "StronglySymmetric",
    "trigger_regime",
    "best_trigger",
    "TriggerRegime",
    "surveillance_value",
]
