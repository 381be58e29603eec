"""How the reference is laid out: for each room its groups, and for each group its modules.

A public name belongs to the group that lists the module in which it is written. A name that no
group holds stops the build.
"""

from __future__ import annotations

# room -> title, then groups: title -> modules (without the room)
ROOMS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "truce": (
        "truce: the integrated model",
        {
            "Scenarios": ("scenario",),
            "Solving": ("equilibrium", "course", "windows", "certificate"),
            "Extension incentives": ("incentives",),
            "Comparisons and propositions": ("comparison", "claims"),
            "Play and other forms": ("play", "stochastic"),
        },
    ),
    "bargaining": ("bargaining: the negotiation as games", {}),  # by step of the account
    "games": (
        "games: what is played",
        {
            "Strategic form": ("normal", "bayesian"),
            "Trees": ("extensive",),
            "Repeated and stochastic games": (
                "repeated", "automaton", "stochastic", "_state_rules",
            ),
            "Bargaining problems": ("problem", "allocation"),
            "Files and other packages": ("gambit", "toml", "nashpy"),
            "The catalog": ("catalog",),
        },
    ),
    "solvers": (
        "solvers: how it is solved",
        {
            "One-shot games": (
                "nash", "batch", "correlated", "communication", "rationalizable", "minmax",
            ),
            "Noisy choice and paths": ("logit", "logit_fit", "continuation"),
            "Sequential games": (
                "subgame_perfect", "sequence_form", "sequential", "signalling",
            ),
            "Repeated games": (
                "payoff_set", "sets", "critical_discount", "extension_threshold",
                "finite_horizon", "penal_code", "_unrandomised", "strongly_symmetric",
                "relational", "automata", "simulation",
            ),
            "Imperfect monitoring": ("public_monitoring", "triggers"),
            "Stochastic games": ("markov", "markov_perfect", "markov_homotopy", "markov_paths"),
            "Bargaining and mechanisms": (
                "axiomatic", "agreement", "mechanism", "mechanism_certificate",
            ),
            "Results and certificates": ("result", "certificate", "tree_certificate"),
        },
    ),
    "experiment": (
        "experiment: sweeps that survive being killed",
        {
            "Specification and design": ("spec", "design"),
            "Running": ("driver", "dask_cluster"),
            "Storage": ("store", "cached"),
            "Tables and other forms": ("export", "arrays", "parquet", "ema"),
            "Errors": ("errors",),
        },
    ),
    "experiment.analysis": (
        "experiment.analysis: what the rows say",
        {
            "Sensitivity": (
                "sobol_indices", "morris_effects", "regression_shares", "tornado_bars",
            ),
            "Shape": ("dependence", "curves", "regions", "discovery"),
        },
    ),
    "calibration": (
        "calibration: records, estimation, prediction",
        {
            "Records": ("exchange", "terms", "record", "ranges", "data", "observation"),
            "Problems": ("problem", "problem_file", "priors"),
            "Likelihood": ("likelihood", "gradients", "information"),
            "Estimation": (
                "maximum", "profiles", "posterior", "diagnostics", "moments", "precision",
            ),
            "Identification": ("identified", "contraction"),
            "Simulation and recovery": ("simulated", "coverage"),
            "Prediction and scores": ("prediction", "scores", "rivals", "transfer"),
            "Errors": ("errors",),
        },
    ),
    "figures": ("figures: pictures in the house style", {"Figures": ("",)}),
    "explore": ("explore: the page in the browser",
                {"The page": ("answers", "server", "supplement")}),
    "data": ("data: packaged scenarios and records", {"Records and scenarios": ("",)}),
    "errors": ("errors: what can go wrong, told", {"Errors": ("",)}),
    "status": ("status: how a solve ended", {"Status": ("",)}),
}  # fmt: skip

# names of constants carry no docstring of their own
CONSTANTS = {
    "ceasefire.games.CHANCE": "Owner of a node at which chance moves.",
    "ceasefire.games.TERMINAL": "Owner of a node at which play ends.",
    "ceasefire.bargaining.MODELS": (
        "Every model, an entry each in the order of the account: name, home, step, question, the "
        "published results that it is tested against, points of the account, drawing."
    ),
    "ceasefire.truce.FRICTIONS": (
        "Each friction that :func:`decompose` takes off: its name, and the parameters without it."
    ),
    "ceasefire.calibration.DELIVERED": "Reading of a day on which the batch came.",
    "ceasefire.calibration.MISSED": "Reading of a day on which the batch did not come.",
    "ceasefire.figures.FIGURES": "Name of a figure as in ``paper.toml`` -> its module.",
}
