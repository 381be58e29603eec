"""Every tolerance of the package, by name, each with its reason.

No computed float is compared with ``==``. A tolerance on payoffs is relative to the
payoff range of the game, so that a result does not depend on the unit of utility.

Compiled kernels freeze these values when they are compiled, and the compiler's cache
watches only the kernel's own file: after a change here, run ``make clean``.
"""

from __future__ import annotations

from typing import Final

# w / x for a batch of x = 50/4 or 98/3 captives is not representable: floor(w / x * (1 + this))
# counts a batch that rounding alone puts short. Far above 2**-53, far below one captive in a stock.
BATCH_COUNT_RTOL: Final = 1e-9

# Bracketing root finders stop at this width, relative to the root. Some 500 units in the last
# place: values computed by a hundred rounded operations say nothing finer.
ROOT_XTOL: Final = 1e-13

# A fixed point q = R(q) of a share in [0, 1] counts as met within this. The root is known to
# ROOT_XTOL, so a response of slope up to 1000 misses by 1e-10; what misses by more is a jump.
FIXED_POINT: Final = 1e-9

# Stands for 'just above zero' where a value function jumps at belief 0, which Bayes' rule never
# leaves. Far below any printed digit, far above the smallest float: Bayes' rule keeps its digits.
BELIEF_NEAR_ZERO: Final = 1e-12

# A strategy counts as an equilibrium when nobody gains more than this by deviating, relative to
# the payoff range: 3e-7 utils at the truce's baseline. Rounding gives 1e-14; a root found on an
# interpolated grid gives 1e-4 and more.
EXPLOITABILITY: Final = 1e-9

# Probabilities of one distribution add up to 1 within this: 1e7 roundings of 2**-53, all one way.
PROBABILITY_SUM: Final = 1e-9

# Two payoffs closer than this, relative to the payoff range, tie: a choice between them would
# follow rounding and differ between machines.
PAYOFF_TIE: Final = 1e-10

# Chunk sequences told apart in one public state of a course; past it the rarest are 'other', which
# leaves every other marginal exact. A cap on memory alone: n days split into chunks in 2**(n - 1)
# ways, so a pause of 10 days has at most 256 behind its first block, and 13 extension days fit.
COURSE_SEQUENCES: Final = 4096

# Ends of a zone of agreement are roots in the price to this many captives. Gains are exact to
# about 1e-12 utils and their slope in the price is of the order of one.
PRICE_XTOL: Final = 1e-9

# A gain jumps in the price where one whole batch fewer remains. Prices this many captives past
# the jump stand for its far side: well above BATCH_COUNT_RTOL of any stock, well below a batch.
BESIDE_A_JUMP: Final = 1e-6

# The critical hazard is a root in a probability, to this.
HAZARD_XTOL: Final = 1e-12

# A Monte Carlo check fails when its chi-square p-value is below this: one false alarm in ten
# thousand certificates, while a wrong branch probability of 0.01 at 100,000 plays gives 1e-20.
MONTE_CARLO_P: Final = 1e-4

# A point lies on the logit path when no log-odds misses by more than this, relative to one plus the
# precision in payoff ranges. Rounding gives 1e-15; printed choice probabilities have eight digits.
LOGIT_RESIDUAL: Final = 1e-12

# A condition of a sequential equilibrium counts as met within this: gains relative to the payoff
# range, beliefs in probability. The limit of a logit path is read off at precision 1e7.
ASSESSMENT: Final = 1e-6

# An inner set of payoffs generates itself when each of its extreme points lies within (1 - delta)
# times this of what it generates, in payoff ranges: a player then gains no more than about this.
GENERATION_GAP: Final = 1e-7

# Values of an automaton from a linear system carry this over 1 - delta, relative to the payoff
# range: some 60 roundings of 2**-52, amplified by the system's condition number.
VALUE_ROUNDING: Final = 1.5e-14

# Points on the way of a logit path are corrected to this; only where a precision is asked for does
# LOGIT_RESIDUAL count. A wrong digit here costs the next step one more correction, nothing else.
PATH_RESIDUAL: Final = 1e-9

# Bounds on a payoff set this close, in payoff ranges, count as met. An iteration from above ends
# within 1e-14 where it ends at all; a tenth of the eight digits that published sets print.
PAYOFF_SET_GAP: Final = 1e-9

# A set of payoffs generates itself when no continuation misses its constraint by more than this, in
# payoff ranges: rounding of 1e-16, times the ten or so operations behind each coordinate.
SELF_GENERATION: Final = 1e-13

# Width of the bracket of a critical discount factor that is no closed form: printed with nine
# digits, and payoff sets near a jump are known to about 1e-9 of the payoff range anyway.
DISCOUNT_XTOL: Final = 1e-10

# A Markov logit equilibrium's log-odds may miss by this, relative to one plus the precision in
# payoff ranges, and by it over 1 - delta where values are sums of many days: both amplify rounding.
MARKOV_LOGIT: Final = 1e-12

# Sets of the states of a stochastic game generate themselves when no extreme point misses its
# promise or its constraint by more than 1 - delta times this, in payoff ranges: over all days
# nobody gains more than this.
STATE_GENERATION: Final = 1e-10

# Shapley iteration stops when its bounds on the values of a zero-sum game are this close, relative
# to the largest possible difference of discounted sums. Matrix games are solved to about 1e-14.
VALUE_BOUNDS: Final = 1e-11

# A family of signal laws has full rank when its smallest singular value is above this, the laws'
# being of the order of one: chances are given to some ten digits, and rounding adds 1e-16.
SIGNAL_RANK: Final = 1e-9

# Default tolerances of payoff sets bounded by hyperplanes, in payoff ranges. With noisy signals the
# boundary is curved, and edges of length e leave a gap of about e * e / 8; without, sets of three
# and more players have flat facets that are met to the rounding of the programs behind them.
NOISY_SET_GAP: Final = 1e-4
HYPERPLANE_GAP: Final = 1e-6

# A direction is added to a limit set where it cuts off more than this, in payoff ranges; programs
# are solved to 1e-10.
LIMIT_SET_CUT: Final = 1e-7

# Without a public lottery payoff sets are known to a grid of cells. Bounds this close, in payoff
# ranges, count as met: cells of 1/128, some ten thousand where the set is full.
UNRANDOMISED_GAP: Final = 0.02

# Feasibility of the linear programs of staged releases, whose every day is measured in units of
# that day's step; and the margin by which incentives may fail, in units of what the whole stock is
# worth: optima sit exactly on their constraints, and sums of some thousand days round by 1e-13.
STAGED_PROGRAM: Final = 1e-10
STAGED_MARGIN: Final = 1e-9

# Conditions of a bargaining solution hold within this, relative to the players' ideal gains:
# linear programs are solved to 1e-10, and what rounding leaves of a walk in fractions is far less.
BARGAINING: Final = 1e-9

# A direct mechanism meets its constraints and its bound within this, in units of the range of
# values: the linear program is solved to 1e-10, summed over some hundred rows.
MECHANISM: Final = 1e-7

# Values of alternating offers, in pies: bounds from both extreme ends meet to this, which leaves
# the nine digits that are printed; and sums of a few products that decide whether waiting can be
# worth more than the pie carry rounding far below the second.
BARGAINING_VALUES: Final = 1e-13
OFFERS_ROUNDING: Final = 1e-12

# What a deviation from alternating offers may gain, in pies, and two solvers' answers may differ
# by: values are met to 1e-13, times what a root or a product of many rounds adds.
BARGAINING_PROOF: Final = 1e-11

# A payoff of a set is printed as 0 where it is this small next to the player's largest: corners
# that meet an axis carry rounding of the programs behind them.
SHOWN_ZERO: Final = 1e-12

# A row of a store that is solved again on another machine is the same row within this, relative
# and absolute: exp and log differ in their last bits between machines, a root in 1e-13.
RESOLVED_RTOL: Final = 1e-9

# Captives left at the end of an exchange lie within the bounds of a record to this: stocks are sums
# of batches such as 50 / 3, rounded to nine digits.
CAPTIVES_LEFT: Final = 1e-6

# Rounding of a log-likelihood from one solve to the next: critical posteriors are found to a few
# last bits, and their errors pass through some ten days; measured below 2e-14 at the baseline.
LIKELIHOOD_NOISE: Final = 1e-13

# A derivative of a log-likelihood by extrapolated differences is taken no further once its
# estimated error is this, relative to it: standard errors need four digits.
DERIVATIVE: Final = 1e-8

# Information of a direction, relative to the best told one, below which nothing is said of it:
# scores by differences carry errors of some 1e-8 relative, their squares far less, and an
# information this small leaves a standard error of ten thousand times the best told direction's.
INFORMATION_RANK: Final = 1e-9

# Sum of a predicted distribution less 1 beyond which it is refused: sums of some hundred
# thousand products of chances, each good to 1e-16, stay far below.
PREDICTED_SUM = 1e-9
