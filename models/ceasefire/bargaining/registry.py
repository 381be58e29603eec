"""Which model answers which question: the table of contents of this room.

Reading it loads no model, no solver and no compiler.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from ceasefire.errors import ArgumentError, meant

if TYPE_CHECKING:
    from ceasefire.bargaining.interface import Model

# Steps of the account, in its order: short name -> what happened.
STEPS = {
    "offers": "five weeks of offers through Doha and Cairo",
    "terms": "pause length, releases, prisoners, corridors, surveillance, totals",
    "pilot": "the pilot of two",
    "list": "the unnamed list",
    "trust": "distrust",
    "release": "staged release",
    "compliance": "day-by-day compliance under surveillance",
    "extension": "the extension clause",
    "mediation": "mediators",
    "parties": "four countries and more at the table",
    "war": "attack under way, no stop for anything else",
    "after": "is this a path to ending the war",
}


@dataclass(frozen=True)
class Entry:
    """One model.

    Attributes
    ----------
    name : str
        As used on the command line.
    home : str
        ``module:Class`` in this room.
    step : str
        A key of `STEPS`.
    question : str
        What a user asks of it, as a question.
    checks : tuple of str
        Entries of THEORY.md that it is tested against; empty where the form is our own.
    points : tuple of int
        Points of the account that it speaks to.
    drawing : str
        ``module.function`` in `ceasefire.figures.models`.
    """

    name: str
    home: str
    step: str
    question: str
    checks: tuple[str, ...]
    points: tuple[int, ...]
    drawing: str


# Sorted by step. A model stands here once, whatever else it is good for.
MODELS: tuple[Entry, ...] = (
    # offers
    Entry(
        "alternating-offers", "offers:AlternatingOffers", "offers",
        "How do impatience, options outside, a breakdown or a last offer move the terms?",
        ("A1", "A2", "A3", "A4"), (2, 8), "offers.alternating",
    ),
    Entry(
        "relayed-offers", "relays:RelayedOffers", "offers",
        "How do relay speed and impatience move the terms?",
        ("A5",), (4, 8), "offers.relayed",
    ),
    Entry(
        "blackout-talks", "blackouts:BlackoutTalks", "offers",
        "When does the deal come, if at all, and what does a blackout cost?",
        ("A6",), (2, 14, 15), "offers.blackouts",
    ),
    Entry(
        "talks-through-relays", "talks:TalksThroughRelays", "offers",
        "How do blackouts and relays together move the terms?",
        ("A5", "A6"), (8, 14), "offers.through_relays",
    ),
    # terms
    Entry(
        "divided-dollar", "terms:DividedDollar", "terms",
        "Who gets what of a divisible gain when one side fears no deal more?",
        ("B1",), (3,), "terms.dollar",
    ),
    Entry(
        "two-issue-exchange", "terms:TwoIssueExchange", "terms",
        "Why 50 captives for four days, and which weights or prices would make it another number?",
        ("B2",), (3, 11), "terms.exchange",
    ),
    Entry(
        "three-issue-exchange", "three_issues:ThreeIssueExchange", "terms",
        "How many days and prisoners for 50 captives, and which of them is the cheap instrument?",
        ("B3",), (3,), "terms.package",
    ),
    Entry(
        "linear-issues", "issues:LinearIssues", "terms",
        "Which package of all issues, which is the cheap instrument, what is linking them worth?",
        (), (3, 8, 10), "terms.package",
    ),
    Entry(
        "package-bargaining", "packages:PackageBargaining", "terms",
        "What do offers of whole packages settle on, and what does taking issues one by one cost?",
        ("A1", "B3"), (2, 8, 15), "terms.offers",
    ),
    # pilot
    Entry(
        "spence-pilot", "pilot:SpencePilot", "pilot",
        "Which release proves the channel, and what does it cost who means to deal?",
        ("F2",), (5, 6), "trust.separating",
    ),
    Entry(
        "veto-pilot", "pilot:VetoPilot", "pilot",
        "How many opportunists match a pilot, and how far does it lift trust?",
        ("F2",), (5, 6), "trust.matched",
    ),
    Entry(
        "optimal-pilot", "best_pilot:OptimalPilot", "pilot",
        "Which size of pilot is best for a captor that means to deal?",
        (), (5, 6), "trust.best_pilot",
    ),
    Entry(
        "reassuring-stake", "reassurance:ReassuringStake", "pilot",
        "How much must a first stake risk so that only the trustworthy make it?",
        ("E2",), (5, 15), "trust.reassurance",
    ),
    Entry(
        "starting-small", "reassurance:StartingSmall", "pilot",
        "How fast must stakes grow so that a betrayer waits?",
        ("D6",), (5, 6), "trust.starting_small",
    ),
    # list
    Entry(
        "verifiable-list", "names:VerifiableList", "list",
        "What is a name worth, and when does asking for the list kill the deal?",
        (), (13, 14, 15), "names.verifiable",
    ),
    Entry(
        "voluntary-list", "disclosure:VoluntaryList", "list",
        "When does a captor name its captives of its own accord, and what does silence say?",
        (), (13, 14), "names.voluntary",
    ),
    Entry(
        "proof-of-life", "proof_of_life:ProofOfLife", "list",
        "When is proof of life given, what does its absence say, what does demanding it lose?",
        (), (13, 14), "proof_of_life.shown",
    ),
    Entry(
        "two-offers", "screening:TwoPeriodScreening", "list",
        "Hold out for a high price or sell cheap, when the other side's worth is unknown?",
        ("F5",), (8, 15), "screening.two_offers",
    ),
    Entry(
        "price-demands", "demands:PriceDemands", "list",
        "What is asked without commitment, how fast do demands fall, how long until a deal?",
        (), (2, 8), "screening.demands",
    ),
    Entry(
        "double-auction", "auction:DoubleAuction", "list",
        "How many deals good for both are lost when both shade their offers?",
        ("F6",), (8, 15), "screening.sealed",
    ),
    Entry(
        "two-type-trade", "bilateral:TwoTypeTrade", "list",
        "Does hidden worth block a deal under any rules, and what must a guarantor add?",
        ("F7",), (4, 15), "screening.two_types",
    ),
    # trust
    Entry(
        "assurance", "trust:Assurance", "trust",
        "How much trust does cooperating take without a future?",
        ("E1",), (15,), "trust.assurance",
    ),
    Entry(
        "kept-promises", "promises:KeptPromises", "trust",
        "How many kept promises build the trust needed, and how many does one attack undo?",
        ("E3",), (15,), "trust.promises",
    ),
    Entry(
        "sequential-exchange", "reputation:SequentialExchange", "trust",
        "How much trust does a day take with so many batches left, and who cheats when?",
        ("H10",), (11, 15), "trust.exchange",
    ),
    Entry(
        "chain-store", "chainstore:ChainStore", "trust",
        "How long does a reputation for answering breaches keep tests off?",
        (), (10, 15), "trust.challengers",
    ),
    Entry(
        "credible-messages", "messages:CredibleMessages", "trust",
        "When is a message worth believing, and when does an enemy tell the truth?",
        ("E4",), (13, 15), "trust.messages",
    ),
    Entry(
        "obstinate-types", "attrition:ObstinateTypes", "trust",
        "Who gives way, and when, if either side may be one that never does?",
        ("F4",), (8, 15), "trust.obstinacy",
    ),
    # release
    Entry(
        "instalments", "instalments:Instalments", "release",
        "Which batches does a captor hand over, paid afterwards, when either side may walk?",
        ("D3",), (3, 11), "release.instalments",
    ),
    Entry(
        "lockwood-thomas", "gradualism:LockwoodThomas", "release",
        "How fast do both raise what cannot be taken back, and why does a known end kill it?",
        ("D1",), (3, 11), "release.levels",
    ),
    Entry(
        "lockwood-thomas-smooth", "gradualism:LockwoodThomasSmooth", "release",
        "How far short of the efficient level does step-by-step cooperation stop?",
        ("D2",), (11,), "release.levels",
    ),
    Entry(
        "concessions", "concessions:Concessions", "release",
        "How large may a concession be before the other side does better by walking out?",
        ("D4",), (8, 15), "release.concessions",
    ),
    Entry(
        "rising-stakes", "stakes:RisingStakes", "release",
        "How small must the first of two exchanges be so that cooperating in it pays?",
        ("D5",), (5, 6), "release.stakes",
    ),
    Entry(
        "contributions", "contributions:Contributions", "release",
        "How many sunk steps does an agreement take that is worth nothing before it is complete?",
        (), (8, 15), "release.contributions",
    ),
    # compliance
    Entry(
        "daily-compliance", "compliance:DailyCompliance", "compliance",
        "Which punishment, with or without balancing payments, keeps both complying day by day?",
        ("G1", "G7"), (10, 11), "compliance.punishments",
    ),
    Entry(
        "noisy-surveillance", "surveillance:NoisySurveillance", "compliance",
        "What pause can be kept when breaches are seen through noise, and what is the watch worth?",
        ("G5",), (8,), "compliance.watch",
    ),
    Entry(
        "inspectors", "surveillance:Inspectors", "compliance",
        "What are reports worth that say who broke the pause?",
        ("G6",), (8,), "compliance.inspectors",
    ),
    # extension
    Entry(
        "one-more-day", "one_day:OneMoreDay", "extension",
        "At which prices in captives do both sides still gain from one more day?",
        (), (11, 12), "extension.one_day",
    ),
    Entry(
        "clause", "clause:ClauseDesigner", "extension",
        "Which extension clause would have kept the truce longest, or freed most?",
        (), (3, 11, 12), "extension.clauses",
    ),
    # mediation
    Entry(
        "correlated-chicken", "mediation:CorrelatedChicken", "mediation",
        "What does private advice on who is to yield add, from a mediator who knows nothing?",
        ("I1",), (2, 4), "mediation.chicken",
    ),
    Entry(
        "mediated-costs", "costs:MediatedCosts", "mediation",
        "Does a mediator help when only the costs of fighting are private?",
        ("I2",), (2, 4), "mediation.costs",
    ),
    Entry(
        "strength-mediation", "strength:StrengthMediation", "mediation",
        "What does a mediator who can only propose add when strength is private?",
        (), (2, 4, 15), "mediation.strength",
    ),
    Entry(
        "biased-reporter", "reporter:BiasedReporter", "mediation",
        "Which bias makes a mediator believed when it reports that the other side will give way?",
        ("I3",), (4, 9, 13), "mediation.reporter",
    ),
    Entry(
        "relay", "relay:Relay", "mediation",
        "What is a faster relay worth, and one that does not go dark?",
        ("A5", "A6"), (4, 8, 14), "mediation.relay",
    ),
    Entry(
        "guarantor", "guarantees:Guarantor", "mediation",
        "What must a guarantor promise, and to whom, for the last batch to buy a day?",
        (), (9, 11, 16), "mediation.guarantor",
    ),
    # parties
    Entry(
        "unanimity-table", "parties:UnanimityTable", "parties",
        "Who holds the deal up, at what price, where every party has to agree?",
        (), (2, 4, 7, 9), "parties.unanimity",
    ),
    Entry(
        "legislative-bargaining", "legislative:LegislativeBargaining", "parties",
        "What does a veto bring its holder where some of the others can be done without?",
        (), (2, 7, 9), "parties.quotas",
    ),
    Entry(
        "veto-power", "veto:VetoPower", "parties",
        "Who can stop a deal that a cabinet, both wings of the captor and guarantors must pass?",
        (), (2, 7), "parties.power",
    ),
    Entry(
        "nash-in-nash", "links:NashInNash", "parties",
        "What can mediators ask for when their channels replace each other, or are all needed?",
        (), (1, 4, 9), "parties.links",
    ),
    Entry(
        "spoiler", "spoiler:Spoiler", "parties",
        "At which hazard does a wing that attacks close each window, and what holds it?",
        (), (11, 15), "parties.spoiler",
    ),
    # war
    Entry(
        "fight-or-pause", "war:FightOrPause", "war",
        "At which window of the truce is fighting on better than the next pause, and by how much?",
        (), (10, 11), "war.windows",
    ),
    Entry(
        "attrition", "holdout:Attrition", "war",
        "How long do two sides fight on when each waits for the other to give in?",
        ("H3",), (10, 14), "war.attrition",
    ),
    Entry(
        "standoff", "holdout:Standoff", "war",
        "How long do both hold out for the better of two deals that would be kept?",
        ("H4",), (2, 15), "war.standoff",
    ),
    Entry(
        "war-ladder", "settlement:WarLadder", "war",
        "What terms does the front give, and what would another battle change?",
        ("H5",), (10,), "war.ladder",
    ),
    Entry(
        "risk-return", "settlement:RiskReturn", "war",
        "Is a low offer worth the risk that a resolved opponent refuses it?",
        ("H6",), (10, 15), "war.risk",
    ),
    Entry(
        "power-shift", "commitment:PowerShift", "war",
        "When does a side that grows weaker fight now because a promise would not be kept?",
        ("H7",), (10, 16), "war.shift",
    ),
    Entry(
        "brinkmanship", "commitment:Brinkmanship", "war",
        "Which threat of ending the pause is believed, and what does it extract?",
        ("H8",), (10,), "war.brink",
    ),
    Entry(
        "exit-or-pause", "commitment:ExitOrPause", "war",
        "Which equilibria has a pause that anyone can leave, and how fragile is the lasting one?",
        ("H9",), (10, 12), "war.exits",
    ),
    # after
    Entry(
        "second-truce", "aftermath:SecondTruce", "after",
        "Does a first truce make a second likelier, and what does the prospect do to the first?",
        (), (16,), "after.second",
    ),
    Entry(
        "phased-deal", "aftermath:PhasedDeal", "after",
        "What must follow the last phase of a deal so that all its phases are carried out?",
        ("D3",), (12, 16), "after.phases",
    ),
)  # fmt: skip


def model(name: str) -> type[Model]:
    """The class of a model by its name.

    Raises
    ------
    ArgumentError
        There is no such model; the message names the closest.

    Examples
    --------
    >>> model("instalments").__name__
    'Instalments'
    """
    found = {one.name: one for one in MODELS}
    if name not in found:
        hint = meant(name, found, "see ceasefire model list")
        raise ArgumentError("model", name, f"one of {', '.join(found)}", hint)
    module, _, cls = found[name].home.partition(":")
    return cast("type[Model]", getattr(import_module(f"ceasefire.bargaining.{module}"), cls))


def entry_of(cls: type[Model]) -> Entry:
    """The entry of a class.

    Raises
    ------
    LookupError
        The class has none; a fault of the package.
    """
    home = f"{cls.__module__.rpartition('.')[2]}:{cls.__name__}"
    for one in MODELS:
        if one.home == home:
            return one
    raise LookupError(f"{home} has no entry in bargaining/registry.py")
