"""`ceasefire predict`: how an exchange will go on, from its terms and its record so far."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ceasefire.cli._workers import stopped, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from ceasefire.calibration.exchange import Exchange
    from ceasefire.calibration.prediction import Prediction, Spread, Way
    from ceasefire.calibration.rivals import RivalScores
    from ceasefire.truce import Scenario

FEW_DRAWS = 20.0  # effective draws below which the weights rest on luck
DIGITS = 6
DRAWS = 200
EVERY = 2.0  # seconds after which draws are written to the checkpoint
DEFAULT = "november-2023"  # scenario, where neither an option nor a problem names one

GUIDE = """\b
FILE is the record (.csv) or the terms (.toml) of an exchange, which stand beside each other
(docs/calibration.md), or a packaged name.

\b
Examples:
  ceasefire predict november-2023 --until 6
  ceasefire predict docs/examples/invented-42.csv --figure course --csv course.csv
  ceasefire predict my.csv --problem experiments/estimation/november-2023.toml --draws 200
  ceasefire predict my.csv --posterior results/estimation/november-2023-posterior-all.csv
  ceasefire predict november-2023 --score --problem experiments/estimation/november-2023.toml
  ceasefire predict november-2023 --score --truces 100 --figure truces
  ceasefire predict my.csv --mix civilians=25 --mix soldiers=8 --json"""


@click.command(epilog=GUIDE)
@click.argument("source", metavar="FILE")
@click.option("--until", type=click.IntRange(min=0), metavar="DAY",
              help="The day at whose end to predict; default: the record's last.")  # fmt: skip
@click.option("--scenario", default=None, help="Preferences, beliefs, hazards; default: "
              "november-2023, or the problem's.")  # fmt: skip
@click.option("--problem", type=click.Path(path_type=Path), metavar="TOML",
              help="Draw parameters from the priors of this estimation problem.")  # fmt: skip
@click.option("--posterior", type=click.Path(path_type=Path), metavar="CSV",
              help="Take draws of parameters from this table, of a posterior that has not seen "
                   "this record.")  # fmt: skip
@click.option("--draws", type=click.IntRange(min=1), default=DRAWS, show_default=True,
              help="Draws of parameters, at most.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of draws from priors.")  # fmt: skip
@click.option("--values", type=click.Choice(["terms", "period", "base"]), default="terms",
              show_default=True, help="Worths carried over by the price of a day; and leaving cost "
              "and noises by the days of a period; or as they are.")  # fmt: skip
@click.option("--level", type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
              default=0.9, show_default=True, help="Of intervals.")  # fmt: skip
@click.option("--mix", "mix", multiple=True, metavar="CATEGORY=WEIGHT",
              help="Share of a category among captives to come; repeatable.")  # fmt: skip
@click.option(
    "--score",
    is_flag=True,
    help="Score the model and its rivals on the record, each batch from the days before.",
)
@click.option("--truces", type=click.IntRange(min=1), metavar="N",
              help="Of --score: on N simulated truces with these terms instead.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True,
              help="Of draws: processes on this machine.")  # fmt: skip
@click.option("--resume", is_flag=True,
              help="Of draws: go on from the checkpoint of a run that stopped.")  # fmt: skip
@click.option("--checkpoint", type=click.Path(path_type=Path), metavar="PATH",
              help="Where it is; default: beside FILE, named after it. A run that ends "
                   "removes it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "table", type=click.Path(path_type=Path), metavar="PATH",
              help="Write the table of batches, and beside it that of lengths and what "
                   "they were made from (.json).")  # fmt: skip
@click.option("--figure", "stem", type=click.Path(path_type=Path), metavar="STEM",
              help="Write STEM.pdf and .png.")  # fmt: skip
def predict(source: str, table: Path | None, stem: Path | None, **given: Any) -> None:
    """Predict how an exchange goes on: length, next batch, captives.

    Stopped or killed while it takes draws, the same command with --resume goes on where it was.
    """
    from ceasefire import calibration

    _refuse(given)
    exchange = calibration.read(source)
    if given["score"]:
        _score(exchange, given, table, stem)
        return
    mix = _mix(given["mix"], exchange)
    base, draws = _draws(given)
    asked = {"until": given["until"], "values": given["values"], "level": given["level"]}
    if draws is None:
        found = calibration.predict(exchange, base, **asked)
    else:
        found = _by_draws(exchange, base, draws, asked, given, _beside(source, given))
    if given["as_json"]:
        told = json.dumps(machine(found, mix), indent=1, allow_nan=False, ensure_ascii=False)
        click.echo((told + "\n").encode("utf-8"), nl=False)
    else:
        click.echo(text(found, mix, drawn=draws is not None, values=given["values"]))
    for written in [*_write(found, table, stem), *_record(table, exchange, base, given)]:
        click.echo(str(written), err=given["as_json"])


def _refuse(given: dict[str, Any]) -> None:
    """Refuse options that would be left unread."""
    if given["truces"] is not None and not given["score"]:
        raise click.UsageError("--truces goes with --score")
    drawn = given["problem"] is not None or given["posterior"] is not None
    wanted = {"--jobs": given["jobs"] > 1, "--resume": given["resume"],
              "--checkpoint": given["checkpoint"] is not None}  # fmt: skip
    for option in (option for option, there in wanted.items() if there):
        if given["score"]:
            raise click.UsageError(f"{option} does not go with --score")
        if not drawn:
            raise click.UsageError(f"{option} goes with draws, by --problem or --posterior")


def _beside(source: str, given: dict[str, Any]) -> Path:
    """Where the checkpoint is: as told, beside the file, or here for a packaged name."""
    if given["checkpoint"] is not None:
        return Path(given["checkpoint"])
    file = Path(source)
    return file.with_name(f"{file.stem}-predict.checkpoint.json")


def _by_draws(
    exchange: Exchange, base: Scenario | None, draws: pd.DataFrame, asked: dict[str, Any],
    given: dict[str, Any], kept: Path,
) -> Prediction:  # fmt: skip
    """Predict with draws, each kept as soon as it is taken."""
    from ceasefire import calibration
    from ceasefire.cli import _checkpoints as checkpoints
    from ceasefire.errors import SolveError

    digest = checkpoints.resting_on(
        exchange.terms, exchange.rows, str(base and base.digest), draws.to_csv(),
        asked["until"], asked["values"],
    )  # fmt: skip
    saved, show = time.monotonic(), _progress()
    checkpoints.refuse_other(kept)
    parts = checkpoints.load_parts(digest, kept) if given["resume"] else {}
    done = {int(number): checkpoints.ways(one) for number, one in parts.items()}

    def keep(number: int, found: Mapping[Way, float] | None) -> None:
        nonlocal saved
        parts[str(number)] = checkpoints.plain_ways(found)
        if time.monotonic() - saved >= EVERY:
            checkpoints.save_parts(parts, digest, kept)
            saved = time.monotonic()
        show(len(parts), len(draws))

    try:
        with workers(given["jobs"]) as executor:
            found = calibration.predict(
                exchange, base, draws=draws, done=done, keep=keep, executor=executor, **asked
            )
    except KeyboardInterrupt:
        checkpoints.save_parts(parts, digest, kept)
        stopped()
    except SolveError:  # no draw is missing any more
        kept.unlink(missing_ok=True)
        raise
    kept.unlink(missing_ok=True)
    return found


def _record(
    table: Path | None, exchange: Exchange, base: Scenario | None, given: dict[str, Any]
) -> list[Path]:
    """Write beside a table what it was made from."""
    if table is None:
        return []
    import ceasefire as cf
    from ceasefire.cli._made_from import write_record

    scenario = cf.load(DEFAULT) if base is None else base
    return [write_record(table.with_suffix(".json"), exchange, scenario.digest, given)]


def _score(
    exchange: Exchange, given: dict[str, Any], table: Path | None, stem: Path | None
) -> None:
    """Print and write the comparison with rivals."""
    from ceasefire.cli.text import table as aligned
    from ceasefire.cli.text import wrapped

    found = _compared(exchange, given)
    told = found.summary()
    if given["as_json"]:
        plain = {"verdict": found.verdict, "summary": _records(told),
                 "table": _records(found.table)}  # fmt: skip
        click.echo(json.dumps(plain, indent=1, allow_nan=False))
    else:
        rows = [[_number(value) for value in row] for row in told.to_numpy().tolist()]
        click.echo(aligned(list(told.columns), rows))
        click.echo("\n".join(["", *wrapped(found.verdict, indent="")]))
    many, base = given["truces"] is not None, _draws(given)[0]
    written = _write_scores(found, table, stem, many=many)
    for file in [*written, *_record(table, exchange, base, given)]:
        click.echo(str(file), err=given["as_json"])


def _compared(exchange: Exchange, given: dict[str, Any]) -> RivalScores:
    """Score on the record, or on truces simulated with its terms."""
    import numpy as np

    from ceasefire import calibration

    if given["mix"] or given["until"] is not None:
        raise click.UsageError("--mix and --until do not go with --score")
    if given["truces"] is None:
        base, draws = _draws(given)
        return calibration.compare_rivals(exchange, base, draws=draws, values=given["values"])
    if given["problem"] is not None or given["posterior"] is not None:
        raise click.UsageError("--truces are simulated and scored at one set of parameters")
    own = calibration.carried_over(exchange, _draws(given)[0], values=given["values"])
    rng = np.random.default_rng(given["seed"])
    return calibration.compare_rivals(calibration.watch_simulated(own, given["truces"], rng), own)


def _number(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "-" if value != value else f"{round(value, 3) + 0.0:.3f}"


def _write_scores(
    found: RivalScores, table: Path | None, stem: Path | None, *, many: bool
) -> list[Path]:
    from ceasefire.calibration.rivals import FULL
    from ceasefire.figures import predict_rivals
    from ceasefire.figures.save import write_figure, write_table
    from ceasefire.figures.style import style

    written = []
    if table is not None:
        table.parent.mkdir(parents=True, exist_ok=True)
        written.append(write_table(found.summary(), table))
        written.append(write_table(found.table, table.with_name(f"{table.stem}-all.csv")))
    if stem is not None:
        stem.parent.mkdir(parents=True, exist_ok=True)
        with style():
            written += write_figure(predict_rivals.draw(found), stem)
            if many:
                drawn = predict_rivals.draw_reliability(found, FULL)
                written += write_figure(drawn, stem.with_name(stem.name + "-reliability"))
    return written


def text(found: Prediction, mix: dict[str, float] | None, *, drawn: bool, values: str) -> str:
    """Return what is expected, in words and tables for a terminal."""
    from ceasefire.cli.text import table, wrapped

    batches, lengths = found.batches, found.lengths
    rows = [
        (f"{number}", f"{day}", _date(date), _share(due), _share(came), f"{freed:.1f}")
        for number, day, date, due, came, freed in batches.to_numpy().tolist()
    ]
    head = ["batch", "day", "date", "falls due", "delivered", "more freed by then"]
    columns = ["batches", "days_low", "days_high", "probability"]
    last = [
        (f"{count:.0f}", _days(int(low), int(high)), _share(chance))
        for count, low, high, chance in lengths[columns].to_numpy().tolist()
    ]
    causes = found.endings.to_numpy().tolist()
    endings = ", ".join(f"{cause} {_share(chance)}" for cause, chance in causes)
    lines = [_title(found.exchange), *_sums(found, mix), ""]
    lines += [table(head, rows, left=0), ""] if rows else []
    lines += [table(["batches due", "pause days", "probability"], last, left=0), ""]
    lines += wrapped(f"How it ends: {endings}.", indent="")
    return "\n".join([*lines, *_basis(found, drawn, values)])


def _sums(found: Prediction, mix: dict[str, float] | None) -> list[str]:
    """Lines on length, next batch, captives and prisoners."""
    after, level = found.until, f"{found.level:.0%}"
    begun = f"after pause day {after}, {found.freed:g} freed so far" if after else "before it began"
    days, captives, coming = found.days, found.captives, found.next_batch
    lines = [f"As it stood {begun}:"]
    if coming is not None:
        date = f" ({coming.date})" if coming.date else ""
        lines.append(f"  next batch   {_share(coming.delivered)} that batch {coming.number}, "
                     f"on day {coming.day}{date}, is delivered whole")  # fmt: skip
    lines.append(f"  pause days   {_told(days)} in all ({level} interval)")
    lines.append(f"  captives     {_told(captives)} more freed")
    prisoners = found.prisoners(mix)
    if prisoners is not None:
        ratios = found.exchange.terms.prisoners_per_captive
        said = "" if mix or len(ratios) == 1 else ", over the ratios of all categories (see --mix)"
        lines.append(f"  prisoners    {_told(prisoners)} for them{said}")
    return lines


def _basis(found: Prediction, drawn: bool, values: str) -> list[str]:
    """Lines on what the prediction rests on."""
    from ceasefire.calibration.remarks import calendar_remarks
    from ceasefire.cli.text import wrapped

    told = found.exchange.terms
    said = ["Rests on: exact play of the model given terms and record"]
    if drawn:
        refused = f", {found.refused} refused by the model" if found.refused else ""
        said.append(f"{len(found.weights)} draws of parameters, worth {found.effective_draws:.0f} "
                    f"equal ones{refused}")  # fmt: skip
    else:
        said.append("one set of parameters, assumed and not estimated for this exchange, so that "
                    "intervals hold no doubt about them")  # fmt: skip
    if values != "base":
        more = ", leaving cost and noises by the days of a period" if values == "period" else ""
        said.append(f"worths carried over by the price of a day{more}, an assumption")
    if told.period_days > 1.0:
        said.append(f"the model counts batches, one in {_plain_number(told.period_days)} days")
        if values == "terms":
            said.append("how readily it leaves between batches hangs on a leaving cost that does "
                        "not grow with the period (compare --values period)")  # fmt: skip
    said += calendar_remarks(told)
    lines = wrapped("; ".join(said) + ".", indent="")
    if drawn and found.effective_draws < FEW_DRAWS:
        lines += wrapped("Few draws are worth having: take more.", indent="")
    return lines


def machine(found: Prediction, mix: dict[str, float] | None) -> dict[str, Any]:
    """Return the prediction as plain data."""
    coming, prisoners = found.next_batch, found.prisoners(mix)
    return {
        "exchange": found.exchange.name,
        "until": found.until,
        "freed": found.freed,
        "next_batch": None if coming is None else {
            "number": coming.number, "day": coming.day,
            "date": None if coming.date is None else coming.date.isoformat(),
            "due": _round(coming.due), "delivered": _round(coming.delivered),
        },
        "pause_days": _plain(found.days),
        "further_captives": _plain(found.captives),
        "further_prisoners": None if prisoners is None else _plain(prisoners),
        "lengths": _records(found.lengths),
        "batches": _records(found.batches),
        "captives": _records(found.further),
        "endings": _records(found.endings),
        "draws": len(found.weights),
        "effective_draws": _round(found.effective_draws),
        "refused": found.refused,
        "log_evidence": _round(found.log_evidence),
    }  # fmt: skip


def _write(found: Prediction, table: Path | None, stem: Path | None) -> list[Path]:
    from ceasefire.figures.save import write_figure, write_table

    written = []
    if table is not None:
        table.parent.mkdir(parents=True, exist_ok=True)
        written.append(write_table(found.batches, table))
        written.append(write_table(found.lengths, table.with_name(f"{table.stem}-lengths.csv")))
    if stem is not None:
        from ceasefire.figures import predict_course
        from ceasefire.figures.style import style

        stem.parent.mkdir(parents=True, exist_ok=True)
        with style():
            written += write_figure(predict_course.draw(found), stem)
    return written


def _draws(given: dict[str, Any]) -> tuple[Scenario | None, pd.DataFrame | None]:
    """Base scenario, and draws of its parameters where they were asked for."""
    import numpy as np
    import pandas as pd

    import ceasefire as cf
    from ceasefire import calibration

    if given["problem"] is not None and given["posterior"] is not None:
        raise click.UsageError("--problem and --posterior do not go together")
    base = cf.load(given["scenario"]) if given["scenario"] is not None else None
    if given["problem"] is not None:
        problem = calibration.load_problem(given["problem"])
        rng = np.random.default_rng(given["seed"])
        return base or problem.scenario, calibration.prior_draws(problem, given["draws"], rng)
    if given["posterior"] is None:
        return base, None
    try:
        rows = pd.read_csv(given["posterior"])
    except ValueError as error:
        raise click.UsageError(f"--posterior {given['posterior']}: {error}") from None
    if len(rows) > given["draws"]:
        at = np.linspace(0, len(rows) - 1, given["draws"]).round().astype(int)
        rows = rows.iloc[at]
    return base, rows.reset_index(drop=True)


def _progress() -> Callable[[int, int], None]:
    from tqdm import tqdm

    bar = tqdm(total=0, desc="draws", disable=None, file=sys.stderr)

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


def _mix(told: tuple[str, ...], exchange: Exchange) -> dict[str, float] | None:
    """Weights by category; none where --mix was not given."""
    if told and not exchange.terms.prisoners_per_captive:
        raise click.UsageError("--mix goes with terms that have prisoners_per_captive")
    found: dict[str, float] = {}
    for one in told:
        name, _, number = (part.strip() for part in one.partition("="))
        if name in found:
            raise click.UsageError(f"--mix {one}: {name} stands there twice")
        try:
            found[name] = float(number)
        except ValueError:
            raise click.UsageError(f"--mix {one}: wanted CATEGORY=WEIGHT") from None
    return found or None


def _title(exchange: Exchange) -> str:
    return f"{exchange.terms.title}."


def _told(one: Spread) -> str:
    low, high = _plain_number(one.low), _plain_number(one.high)
    return f"{one.mean:.1f} on average, {low} to {high}"


def _plain_number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _days(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _date(value: Any) -> str:
    return "-" if value != value or value is None else str(value)[:10]


def _share(chance: float) -> str:
    return f"{100.0 * chance:.1f} %"


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _plain(one: Spread) -> dict[str, float]:
    return {name: _round(getattr(one, name)) for name in ("mean", "low", "middle", "high", "level")}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain data; dates by their ISO form."""
    return [
        {str(name): _item(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]


def _item(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return None if value != value else str(value)[:10]
    if isinstance(value, float):
        return _round(value) if math.isfinite(value) else None  # as all JSON of this command line
    return value.item() if hasattr(value, "item") else value
