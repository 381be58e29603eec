"""The fields of a scenario file: every parameter with symbol, unit, meaning and bounds."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

UTILS = 1e6
LEAST_NOISE = 1e-6
MOST_CAPTIVES = 100_000
MOST_DAYS = 366


class Parameters(NamedTuple):
    """A scenario's parameters by the symbols of docs/model.md; what the kernels take."""

    W0: float
    n0: float
    x: float
    J: int
    Emax: int
    Tmax: int
    pi0: float
    g: float
    c_lo: float
    c_hi: float
    iota: float
    l_hi: float
    l_lo: float
    l_w: float
    s_C: float
    r_C: float
    v: float
    k0: float
    k1: float
    kappa: float
    s: float
    r_D: float
    beta: float
    chi: float
    x_p: float
    Z: float
    K_T: float
    s_T: float
    lam: float
    om: float
    rho: float
    b_T: float
    relay: float
    x1: float = 0.0


def _field(symbol: str, unit: str, meaning: str, **bounds: Any) -> Any:
    extra: dict[str, Any] = {"symbol": symbol, "unit": unit}
    return Field(description=meaning, json_schema_extra=extra, **bounds)


def _probability(symbol: str, meaning: str) -> Any:
    return _field(symbol, "probability", meaning, ge=0.0, le=1.0)


class _Group(BaseModel):
    """Frozen; refuses unknown keys, strings or booleans for numbers, NaN and infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Parties(_Group):
    """Who plays which role."""

    captor: Annotated[str, Field(min_length=1, description="who holds the captives")]
    pausing_state: Annotated[str, Field(min_length=1, description="who grants the pause")]
    mediators: Annotated[
        tuple[str, ...], Field(strict=False, description="who relays messages")
    ] = ()


class Terms(_Group):
    """Terms of the deal: stock, first block, price of a day, caps."""

    eligible_captives: float = _field(
        "W0", "captives", "captives of the eligible category held when the pause starts",
        gt=0.0, le=MOST_CAPTIVES,
    )  # fmt: skip
    first_block_captives: float = _field(
        "n0", "captives", "captives released over the first block", gt=0.0, le=MOST_CAPTIVES
    )
    captives_per_extra_day: float = _field(
        "x", "captives per day", "captives that buy one more day", gt=0.0, le=MOST_CAPTIVES
    )
    price_growth_per_day: float = _field(
        "x1", "captives per day, per further day",
        "growth of that price with each further day; 0: constant",
        ge=-MOST_CAPTIVES, le=MOST_CAPTIVES, default=0.0,
    )  # fmt: skip
    pause_days_max: int = _field("J", "days", "cap on the pause", ge=1, le=MOST_DAYS)
    chunk_days_max: int = _field("Emax", "days", "longest extension at once", ge=1, le=MOST_DAYS)
    block_days_max: int = _field(
        "Tmax", "days", "longest first block considered", ge=1, le=MOST_DAYS
    )


class Captor(_Group):
    """The captor: type, gains from the pause, losses from release, its list."""

    trust: float = _probability("pi0", "prior that the captor is a dealer, before any pilot")
    pause_gain_per_day: float = _field(
        "g", "utils per day", "captor's gain from a pause day", ge=0.0, le=UTILS
    )
    retention_value_base: float = _field(
        "c_lo", "utils per captive", "worth of holding a captive among many", ge=0.0, le=UTILS
    )
    retention_value_last: float = _field(
        "c_hi", "utils per captive", "worth of holding the last captive", ge=0.0, le=UTILS
    )
    retention_scale_captives: float = _field(
        "iota", "captives", "stock below which captives grow dearer to the captor",
        gt=0.0, le=MOST_CAPTIVES,
    )  # fmt: skip
    list_reliability_base: float = _probability(
        "l_hi", "chance that a batch can be produced while many are held"
    )
    list_reliability_last: float = _probability(
        "l_lo", "chance that a batch can be produced when it is the last"
    )
    list_scale_captives: float = _field(
        "l_w", "captives", "stock below which lists grow unreliable", gt=0.0, le=MOST_CAPTIVES
    )
    acceptance_noise: float = _field(
        "s_C", "utils", "noise in the political wing's acceptance", ge=LEAST_NOISE, le=UTILS
    )
    discount_rate_per_day: float = _field(
        "r_C", "per day", "captor's impatience before the deal", ge=0.0, le=10.0
    )


class PausingState(_Group):
    """The pausing state: worth of a captive, cost of a day, noise, impatience."""

    captive_value: float = _field(
        "v", "utils per captive", "worth of a freed captive, net of prisoners freed for it",
        ge=0.0, le=UTILS,
    )  # fmt: skip
    day_cost_base: float = _field(
        "k0", "utils per day", "cost of the first pause day", ge=-UTILS, le=UTILS
    )
    day_cost_growth: float = _field(
        "k1", "utils per day, per day used", "growth of that cost with each day used",
        ge=-UTILS, le=UTILS,
    )  # fmt: skip
    leaving_cost: float = _field(
        "kappa", "utils", "cost of leaving inside an agreed chunk", ge=0.0, le=UTILS
    )
    choice_noise: float = _field(
        "s", "utils", "scale of private shocks to stopping, offering, leaving",
        ge=LEAST_NOISE, le=UTILS,
    )  # fmt: skip
    discount_rate_per_day: float = _field(
        "r_D", "per day", "pausing state's impatience before the deal", ge=0.0, le=10.0
    )


class Hazards(_Group):
    """What ends a pause though nobody wants it to."""

    incident_per_day: float = _probability("beta", "chance of an incident that ends everything")
    relay_failure_per_window: float = _probability("chi", "chance that the relay fails at a window")


class PilotRelease(_Group):
    """The release that proves the channel."""

    captives: float = _field(
        "x_p", "captives", "size of the pilot release; 0 for none", ge=0.0, le=MOST_CAPTIVES
    )
    veto_cost_max: float = _field(
        "Z", "utils per captive", "highest private veto cost of a field command",
        gt=0.0, le=UTILS,
    )  # fmt: skip


class TalksStage(_Group):
    """From opening talks to a deal."""

    opening_threshold: float = _field(
        "K_T", "utils", "what a deal must be worth to open talks", ge=-UTILS, le=UTILS
    )
    opening_noise: float = _field(
        "s_T", "utils", "noise in opening talks", ge=LEAST_NOISE, le=UTILS
    )
    deal_per_day: float = _probability("lam", "chance on a live day that the deal is made")
    blackout_per_day: float = _probability("om", "chance on a live day that contact is lost")
    restore_per_day: float = _probability("rho", "chance on a dark day that contact returns")
    breakdown_per_day: float = _probability("b_T", "chance on a dark day that talks end for good")
    relay_days_per_leg: float = _field(
        "relay", "days", "mean days a message travels one leg", ge=0.0, le=MOST_DAYS
    )


class Observed(_Group):
    """What happened, where it has."""

    pause_days: Annotated[int, Field(ge=0, description="days the pause lasted")]
    chunks: Annotated[
        tuple[int, ...], Field(strict=False, description="days of each chunk, first block first")
    ]
    captives_left: Annotated[float, Field(ge=0.0, description="eligible captives left at the end")]
    dataset: Annotated[str, Field(description="packaged daily record, if any")] = ""
    source: Annotated[str, Field(min_length=1, description="where the facts are from")]
