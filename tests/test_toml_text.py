"""Files of TOML: the scanner that finds the line of each key, and faults put in their lines."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire import toml_text
from ceasefire.errors import Fault
from ceasefire.toml_text import key_lines

TEXT = '''# heading
top = 1
"quoted key" = 2

[table]  # a comment with [brackets] and "quotes"
a.b = 3
'c.d' = [
  1, # one ]
  { e = 5, f = { g = 6 } },
]
text = """
x = 9
[not.a.table]
"""
after = 'it''s'

[other."dotted.name".deep]
z = 2023-11-24
[[many]]
k = 1
[[many]]
k = 2
'''.replace("'it''s'", "'its'")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("table",), 5),
        (("table", "a"), 6),
        (("table", "a", "b"), 6),
        (("table", "c.d"), 7),
        (("table", "c.d", "e"), 9),
        (("table", "c.d", "f", "g"), 9),
        (("table", "text"), 11),
        (("table", "after"), 15),
        (("other", "dotted.name", "deep"), 17),
        (("other", "dotted.name", "deep", "z"), 18),
        (("many", "k"), 20),
    ],
)
def test_every_kind_of_key_has_its_line(path, line):
    tomllib.loads(TEXT)
    assert key_lines(TEXT)[path] == line


def test_nothing_inside_strings_or_comments_counts():
    assert ("x",) not in key_lines(TEXT)
    assert ("not",) not in key_lines(TEXT)


words = st.text(min_size=1, max_size=8).filter(lambda s: "\x00" not in s and s.isprintable())
scalars = st.one_of(
    st.integers(-9, 9), st.booleans(), words, st.text(alphabet='"\\\n\t#[]{}=', max_size=6)
)


@given(st.dictionaries(words, st.dictionaries(words, scalars, max_size=3), max_size=4))
def test_it_finds_exactly_the_keys_that_tomllib_reads(tables):
    lines, expected = [], {}
    for table, entries in tables.items():
        lines += ["# noise = [", "", f"[{json.dumps(table, ensure_ascii=False)}]"]
        expected[(table,)] = len(lines)
        for key, value in entries.items():
            text = json.dumps(value, ensure_ascii=False)
            lines.append(f"  {json.dumps(key, ensure_ascii=False)} = {text} # c = 1")
            expected[(table, key)] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text) == tables
    assert key_lines(text) == expected


@given(st.text(max_size=60))
def test_it_ends_on_any_text(text):
    assert all(line >= 1 for line in key_lines(text).values())


def test_faults_take_the_line_of_the_longest_part_of_their_path_and_are_told_once():
    _, lines = toml_text.values('[sources]\n"captor.trust" = 3\n[captor]\ntrust = 2\n')
    faults = [
        Fault("captor.trust", 2, "0 to 1", "too large"),
        Fault("sources.captor.trust.more", None, "", "unknown"),
        Fault("captor.trust", 2, "0 to 1", "too large"),
        Fault("elsewhere", None, "", "missing"),
    ]
    placed = toml_text.placed(faults, lines)
    assert [(fault.path, fault.line) for fault in placed] == [
        ("sources.captor.trust.more", 2),
        ("captor.trust", 4),
        ("elsewhere", None),
    ]


def test_text_that_is_no_toml_is_a_fault_in_its_line(tmp_path):
    fault = toml_text.values("a = 1\nb = = 2\n")
    assert isinstance(fault, Fault)
    assert fault.line == 2
    file = tmp_path / "latin.toml"
    file.write_bytes(b"a = 1\nb = '\xe9'\n")
    assert toml_text.file_text(file).line == 2
    assert toml_text.file_text(tmp_path).message == "is a directory"
