"""The negotiation as games: published models, each with its game, its closed form and its solver.

Every model is a frozen dataclass with ``solve()``, ``closed_form()`` where one exists, ``game()``,
which states it for the engines of `ceasefire.solvers`, ``from_scenario()``, ``answer()`` and
``figure()``. `registry.MODELS` says which model answers which question.

>>> from ceasefire import bargaining
>>> model = bargaining.Instalments(value=3, cost=1, discount=0.95, stock=50)
>>> round(model.closed_form().payoff, 7)
97.3684211
>>> bargaining.model("instalments") is bargaining.Instalments
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.lazy import loading

if TYPE_CHECKING:
    from ceasefire.bargaining._agreement import Agreement as Agreement
    from ceasefire.bargaining._clause_play import Clause as Clause
    from ceasefire.bargaining._clause_play import ClausePlay as ClausePlay
    from ceasefire.bargaining._gaps import GapLaw as GapLaw
    from ceasefire.bargaining._list_demand import ListDemand as ListDemand
    from ceasefire.bargaining._staged import Staging as Staging
    from ceasefire.bargaining._staged import StagingCertificate as StagingCertificate
    from ceasefire.bargaining.aftermath import PhasedDeal as PhasedDeal
    from ceasefire.bargaining.aftermath import Phases as Phases
    from ceasefire.bargaining.aftermath import Prospect as Prospect
    from ceasefire.bargaining.aftermath import SecondTruce as SecondTruce
    from ceasefire.bargaining.attrition import ObstinateTypes as ObstinateTypes
    from ceasefire.bargaining.auction import DoubleAuction as DoubleAuction
    from ceasefire.bargaining.auction import LinearAuction as LinearAuction
    from ceasefire.bargaining.best_pilot import OptimalPilot as OptimalPilot
    from ceasefire.bargaining.best_pilot import PilotChoice as PilotChoice
    from ceasefire.bargaining.bilateral import TwoTypeResult as TwoTypeResult
    from ceasefire.bargaining.bilateral import TwoTypeTrade as TwoTypeTrade
    from ceasefire.bargaining.blackouts import BlackoutTalks as BlackoutTalks
    from ceasefire.bargaining.blackouts import TalksLength as TalksLength
    from ceasefire.bargaining.chainstore import ChainStore as ChainStore
    from ceasefire.bargaining.chainstore import Deterrence as Deterrence
    from ceasefire.bargaining.clause import ClauseDesign as ClauseDesign
    from ceasefire.bargaining.clause import ClauseDesigner as ClauseDesigner
    from ceasefire.bargaining.commitment import Brinkmanship as Brinkmanship
    from ceasefire.bargaining.commitment import ExitOrPause as ExitOrPause
    from ceasefire.bargaining.commitment import Exits as Exits
    from ceasefire.bargaining.commitment import PowerShift as PowerShift
    from ceasefire.bargaining.commitment import Shift as Shift
    from ceasefire.bargaining.commitment import Threat as Threat
    from ceasefire.bargaining.compliance import Compliance as Compliance
    from ceasefire.bargaining.compliance import DailyCompliance as DailyCompliance
    from ceasefire.bargaining.concessions import Concessions as Concessions
    from ceasefire.bargaining.concessions import Ladder as Ladder
    from ceasefire.bargaining.contributions import Contributed as Contributed
    from ceasefire.bargaining.contributions import Contributions as Contributions
    from ceasefire.bargaining.costs import MediatedCosts as MediatedCosts
    from ceasefire.bargaining.costs import Settlement as Settlement
    from ceasefire.bargaining.demands import PriceDemands as PriceDemands
    from ceasefire.bargaining.demands import PriceSchedule as PriceSchedule
    from ceasefire.bargaining.disclosure import Disclosure as Disclosure
    from ceasefire.bargaining.disclosure import VoluntaryList as VoluntaryList
    from ceasefire.bargaining.gradualism import LockwoodThomas as LockwoodThomas
    from ceasefire.bargaining.gradualism import LockwoodThomasSmooth as LockwoodThomasSmooth
    from ceasefire.bargaining.guarantees import Guarantees as Guarantees
    from ceasefire.bargaining.guarantees import Guarantor as Guarantor
    from ceasefire.bargaining.holdout import Attrition as Attrition
    from ceasefire.bargaining.holdout import HoldingOut as HoldingOut
    from ceasefire.bargaining.holdout import Standoff as Standoff
    from ceasefire.bargaining.instalments import Instalments as Instalments
    from ceasefire.bargaining.instalments import Schedules as Schedules
    from ceasefire.bargaining.interface import Checks as Checks
    from ceasefire.bargaining.interface import Model as Model
    from ceasefire.bargaining.issues import Corner as Corner
    from ceasefire.bargaining.issues import Issue as Issue
    from ceasefire.bargaining.issues import LinearIssues as LinearIssues
    from ceasefire.bargaining.legislative import Coalitions as Coalitions
    from ceasefire.bargaining.legislative import LegislativeBargaining as LegislativeBargaining
    from ceasefire.bargaining.links import Links as Links
    from ceasefire.bargaining.links import NashInNash as NashInNash
    from ceasefire.bargaining.mediation import Advice as Advice
    from ceasefire.bargaining.mediation import CorrelatedChicken as CorrelatedChicken
    from ceasefire.bargaining.messages import Candour as Candour
    from ceasefire.bargaining.messages import CredibleMessages as CredibleMessages
    from ceasefire.bargaining.names import VerifiableList as VerifiableList
    from ceasefire.bargaining.offers import AlternatingOffers as AlternatingOffers
    from ceasefire.bargaining.offers import WholeSplits as WholeSplits
    from ceasefire.bargaining.one_day import DayPrices as DayPrices
    from ceasefire.bargaining.one_day import DayWindow as DayWindow
    from ceasefire.bargaining.one_day import OneMoreDay as OneMoreDay
    from ceasefire.bargaining.packages import PackageBargaining as PackageBargaining
    from ceasefire.bargaining.packages import PackageOffers as PackageOffers
    from ceasefire.bargaining.parties import TableTerms as TableTerms
    from ceasefire.bargaining.parties import UnanimityTable as UnanimityTable
    from ceasefire.bargaining.pilot import MatchedPilot as MatchedPilot
    from ceasefire.bargaining.pilot import SeparatingPilots as SeparatingPilots
    from ceasefire.bargaining.pilot import SpencePilot as SpencePilot
    from ceasefire.bargaining.pilot import VetoPilot as VetoPilot
    from ceasefire.bargaining.promises import KeptPromises as KeptPromises
    from ceasefire.bargaining.promises import TrustBuilt as TrustBuilt
    from ceasefire.bargaining.proof_of_life import ProofGiven as ProofGiven
    from ceasefire.bargaining.proof_of_life import ProofOfLife as ProofOfLife
    from ceasefire.bargaining.reassurance import ReassuringStake as ReassuringStake
    from ceasefire.bargaining.reassurance import ReassuringStakes as ReassuringStakes
    from ceasefire.bargaining.reassurance import StakesGrowth as StakesGrowth
    from ceasefire.bargaining.reassurance import StartingSmall as StartingSmall
    from ceasefire.bargaining.registry import MODELS as MODELS
    from ceasefire.bargaining.registry import model as model
    from ceasefire.bargaining.relay import Relay as Relay
    from ceasefire.bargaining.relay import RelayTerms as RelayTerms
    from ceasefire.bargaining.relays import RelayedOffers as RelayedOffers
    from ceasefire.bargaining.relays import RelayedTerms as RelayedTerms
    from ceasefire.bargaining.relays import terms_in_days as terms_in_days
    from ceasefire.bargaining.reporter import BiasedReporter as BiasedReporter
    from ceasefire.bargaining.reporter import Credibility as Credibility
    from ceasefire.bargaining.reputation import ExchangeThresholds as ExchangeThresholds
    from ceasefire.bargaining.reputation import SequentialExchange as SequentialExchange
    from ceasefire.bargaining.screening import ScreeningPlan as ScreeningPlan
    from ceasefire.bargaining.screening import TwoPeriodScreening as TwoPeriodScreening
    from ceasefire.bargaining.settlement import Front as Front
    from ceasefire.bargaining.settlement import Offer as Offer
    from ceasefire.bargaining.settlement import RiskReturn as RiskReturn
    from ceasefire.bargaining.settlement import WarLadder as WarLadder
    from ceasefire.bargaining.spoiler import Spoiled as Spoiled
    from ceasefire.bargaining.spoiler import Spoiler as Spoiler
    from ceasefire.bargaining.stakes import RisingStakes as RisingStakes
    from ceasefire.bargaining.stakes import SplitStakes as SplitStakes
    from ceasefire.bargaining.strength import MediatedPeace as MediatedPeace
    from ceasefire.bargaining.strength import StrengthMediation as StrengthMediation
    from ceasefire.bargaining.surveillance import Inspectors as Inspectors
    from ceasefire.bargaining.surveillance import NoisySurveillance as NoisySurveillance
    from ceasefire.bargaining.surveillance import Told as Told
    from ceasefire.bargaining.surveillance import Watched as Watched
    from ceasefire.bargaining.talks import TalksThroughRelays as TalksThroughRelays
    from ceasefire.bargaining.terms import DaysExplained as DaysExplained
    from ceasefire.bargaining.terms import DividedDollar as DividedDollar
    from ceasefire.bargaining.terms import TwoIssueExchange as TwoIssueExchange
    from ceasefire.bargaining.three_issues import ThreeIssueExchange as ThreeIssueExchange
    from ceasefire.bargaining.trust import Assurance as Assurance
    from ceasefire.bargaining.trust import TrustNeeded as TrustNeeded
    from ceasefire.bargaining.veto import Body as Body
    from ceasefire.bargaining.veto import Power as Power
    from ceasefire.bargaining.veto import VetoPower as VetoPower
    from ceasefire.bargaining.war import FightOrPause as FightOrPause
    from ceasefire.bargaining.war import Resumption as Resumption

# Where each public name lives, loaded on first use: a list of models must not wait for solvers.
_HOMES = {
    "MODELS": "registry",
    "model": "registry",
    "Model": "interface",
    "Checks": "interface",
    # offers
    "Agreement": "_agreement",
    "AlternatingOffers": "offers",
    "WholeSplits": "offers",
    "RelayedOffers": "relays",
    "RelayedTerms": "relays",
    "terms_in_days": "relays",
    "BlackoutTalks": "blackouts",
    "TalksLength": "blackouts",
    "TalksThroughRelays": "talks",
    "GapLaw": "_gaps",
    # pilot
    "StartingSmall": "reassurance",
    "StakesGrowth": "reassurance",
    "ReassuringStakes": "reassurance",
    "ReassuringStake": "reassurance",
    "VetoPilot": "pilot",
    "SpencePilot": "pilot",
    "SeparatingPilots": "pilot",
    "PilotChoice": "best_pilot",
    "OptimalPilot": "best_pilot",
    "MatchedPilot": "pilot",
    # list
    "VerifiableList": "names",
    "ListDemand": "_list_demand",
    "VoluntaryList": "disclosure",
    "Disclosure": "disclosure",
    "ProofOfLife": "proof_of_life",
    "ProofGiven": "proof_of_life",
    "TwoPeriodScreening": "screening",
    "ScreeningPlan": "screening",
    "PriceDemands": "demands",
    "PriceSchedule": "demands",
    "DoubleAuction": "auction",
    "LinearAuction": "auction",
    "TwoTypeTrade": "bilateral",
    "TwoTypeResult": "bilateral",
    # terms
    "DividedDollar": "terms",
    "TwoIssueExchange": "terms",
    "DaysExplained": "terms",
    "ThreeIssueExchange": "three_issues",
    "LinearIssues": "issues",
    "Issue": "issues",
    "Corner": "issues",
    "PackageBargaining": "packages",
    "PackageOffers": "packages",
    # trust
    "ObstinateTypes": "attrition",
    "Candour": "messages",
    "CredibleMessages": "messages",
    "SequentialExchange": "reputation",
    "ExchangeThresholds": "reputation",
    "Deterrence": "chainstore",
    "ChainStore": "chainstore",
    "TrustNeeded": "trust",
    "TrustBuilt": "promises",
    "KeptPromises": "promises",
    "Assurance": "trust",
    # release
    "LockwoodThomas": "gradualism",
    "LockwoodThomasSmooth": "gradualism",
    "Instalments": "instalments",
    "Staging": "_staged",
    "StagingCertificate": "_staged",
    "Schedules": "instalments",
    "Concessions": "concessions",
    "Ladder": "concessions",
    "RisingStakes": "stakes",
    "SplitStakes": "stakes",
    "Contributions": "contributions",
    "Contributed": "contributions",
    # compliance
    "DailyCompliance": "compliance",
    "Compliance": "compliance",
    "NoisySurveillance": "surveillance",
    "Watched": "surveillance",
    "Inspectors": "surveillance",
    "Told": "surveillance",
    # extension
    "Clause": "_clause_play",
    "ClauseDesign": "clause",
    "ClauseDesigner": "clause",
    "ClausePlay": "_clause_play",
    "DayPrices": "one_day",
    "DayWindow": "one_day",
    "OneMoreDay": "one_day",
    # mediation
    "Advice": "mediation",
    "CorrelatedChicken": "mediation",
    "MediatedCosts": "costs",
    "Settlement": "costs",
    "StrengthMediation": "strength",
    "MediatedPeace": "strength",
    "BiasedReporter": "reporter",
    "Credibility": "reporter",
    "Relay": "relay",
    "RelayTerms": "relay",
    "Guarantor": "guarantees",
    "Guarantees": "guarantees",
    # parties
    "TableTerms": "parties",
    "UnanimityTable": "parties",
    "Coalitions": "legislative",
    "LegislativeBargaining": "legislative",
    "Body": "veto",
    "Power": "veto",
    "VetoPower": "veto",
    "Links": "links",
    "NashInNash": "links",
    "Spoiled": "spoiler",
    "Spoiler": "spoiler",
    # war
    "Attrition": "holdout",
    "HoldingOut": "holdout",
    "Standoff": "holdout",
    "Brinkmanship": "commitment",
    "ExitOrPause": "commitment",
    "Exits": "commitment",
    "PowerShift": "commitment",
    "Shift": "commitment",
    "Threat": "commitment",
    "Front": "settlement",
    "Offer": "settlement",
    "RiskReturn": "settlement",
    "WarLadder": "settlement",
    "FightOrPause": "war",
    "Resumption": "war",
    # after
    "PhasedDeal": "aftermath",
    "Phases": "aftermath",
    "Prospect": "aftermath",
    "SecondTruce": "aftermath",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = loading(__name__, _HOMES)
