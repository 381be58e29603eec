"""Tables of the paper: CSV for machines, Markdown and LaTeX for pages."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ceasefire import truce
from ceasefire.figures._solved import solved

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from ceasefire.truce import Scenario


LEAST_ERROR = 1e-10


def course_table(scenario: Scenario) -> pd.DataFrame:
    """Return the joint distribution over length, captives left, cause and chunks agreed."""
    return solved(scenario).course().to_frame()


def extension_table(scenario: Scenario) -> pd.DataFrame:
    """Return the extension incentives by window; the zone as text."""
    table = truce.extension(solved(scenario))
    zones = [" or ".join(f"[{a:.4f}, {b:.4f}]" for a, b in zone) for zone in table["zone"]]
    return table.assign(zone=zones)


def decomposition_table(scenario: Scenario) -> pd.DataFrame:
    """Return the courses with one friction off or on at a time, lengths as columns."""
    found = truce.decompose(scenario)
    return found.table.join(found.lengths.add_prefix("p_days_")).reset_index()


def certificate_table(scenario: Scenario) -> pd.DataFrame:
    """Return what is verified, each check against its bound; rounding-level figures stay out.

    Errors at the level of rounding differ between processors, so the table says what
    holds, not by how many units in the last place.
    """
    import pandas as pd

    certificate = solved(scenario).certificate
    rows: list[tuple[str, str]] = [
        ("passed", str(certificate.passed)),
        ("exploitability below 1e-9 utils", str(certificate.exploitability < 1e-9)),
        ("grid error below 1e-9 utils", str(certificate.grid_error < 1e-9)),
        ("day states", str(certificate.day_states)),
        ("windows", str(certificate.windows)),
        ("cells with several roots", str(certificate.several_roots_cells)),
        ("histories walked", str(certificate.histories)),
        ("simulated plays", str(certificate.monte_carlo_plays)),
    ]
    return pd.DataFrame(rows, columns=["check", "result"])


def bound(error: float) -> float:
    """Return the power of ten above an error; what rounding alone decides is 1e-10."""
    return float(10.0 ** math.ceil(math.log10(max(error, LEAST_ERROR))))


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown, numbers to three decimals."""
    rows = [list(table.columns), ["---"] * table.shape[1]]
    rows += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "".join("| " + " | ".join(map(str, row)) + " |\n" for row in rows)


def latex(table: pd.DataFrame) -> str:
    """Return a table as a LaTeX tabular with the rules of booktabs, numbers to three decimals."""
    numbers = ["r" if kind.kind in "iuf" else "l" for kind in table.dtypes]
    rows = [_latex_row(table.columns), "\\midrule"]
    rows += [_latex_row(map(_cell, row)) for row in table.itertuples(index=False)]
    body = "\n".join(["\\toprule", *rows, "\\bottomrule"])
    return f"\\begin{{tabular}}{{{''.join(numbers)}}}\n{body}\n\\end{{tabular}}\n"


def _latex_row(cells: Iterable[object]) -> str:
    return " & ".join(re.sub(r"[&%$#_{}]", r"\\\g<0>", str(cell)) for cell in cells) + r" \\"


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


TABLES = {
    "course": course_table,
    "extension": extension_table,
    "decomposition": decomposition_table,
    "certificate": certificate_table,
}
