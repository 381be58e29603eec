"""The explorer without a browser: what it refuses and what it answers."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

import ceasefire as cf
from ceasefire import explore, truce
from ceasefire.cli import main
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.explore import page, server, state
from ceasefire.explore.solver import LIMIT_SECONDS
from ceasefire.figures import course as course_figure
from ceasefire.figures import extended, style
from ceasefire.figures import negotiation as negotiation_figure
from ceasefire.truce.extensions import EXTENSIONS
from ceasefire.truce.extensions._mediator_course import MediatedWalk
from ceasefire.truce.path import follow

NAME = "november-2023"
JSON = {"Content-Type": "application/json"}
START_SECONDS = 120  # the solver may have to compile


@pytest.fixture(scope="module")
def explorer():
    made = explore.Explorer(cf.load(NAME))
    running = threading.Thread(target=made.run)
    running.start()
    assert made.solver.wait(START_SECONDS)
    yield made
    made.close()
    running.join()


@pytest.fixture(scope="module")
def scenario():
    return cf.load(NAME)


def request(explorer, method, path, body=None, headers=None, host=None):
    connection = http.client.HTTPConnection("127.0.0.1", explorer.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or f"127.0.0.1:{explorer.port}")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        told = dict(headers or {})
        if data is not None and "Content-Length" not in told:
            told["Content-Length"] = str(len(data))
        for key, value in told.items():
            connection.putheader(key, value)
        connection.endheaders(data)
        reply = connection.getresponse()
        return reply.status, reply.read(), reply.headers
    finally:
        connection.close()


def ask(explorer, what="course", changes=None, scenario=NAME, name=""):
    asked = {"what": what, "scenario": scenario, "changes": changes or {}, "name": name}
    status, body, _ = request(explorer, "POST", "/api/solve", asked, JSON)
    assert status == 200, body
    return json.loads(body)


# what is served, and to whom


@pytest.mark.parametrize("path", ["/", "/explore.js", "/charts.js", "/explore.css", "/api/page"])
def test_every_file_comes_with_its_kind_and_the_security_headers(explorer, path):
    status, body, headers = request(explorer, "GET", path)
    assert status == 200
    assert len(body) > 500
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "ceasefire"


def test_a_head_request_has_no_body(explorer):
    status, body, headers = request(explorer, "HEAD", "/")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 500


def test_the_page_has_no_script_or_style_within(explorer):
    text = request(explorer, "GET", "/")[1].decode()
    assert not re.search(r"<script>|<style|\son\w+=|style=", text)


def test_only_loopback_is_bound(explorer):
    assert explorer.http.server_address[0] == "127.0.0.1"
    assert explorer.url == f"http://127.0.0.1:{explorer.port}/"


@pytest.mark.parametrize("host", ["example.org", "example.org:80", "127.0.0.1", "0.0.0.0:1", ""])
def test_another_hosts_name_is_refused(explorer, host):
    assert request(explorer, "GET", "/", host=host or " ")[0] == 421


@pytest.mark.parametrize("origin", ["http://example.org", "https://127.0.0.1", "null", ""])
def test_another_origin_is_refused(explorer, origin):
    asked = {"what": "course", "scenario": NAME}
    assert request(explorer, "POST", "/api/solve", asked, JSON | {"Origin": origin})[0] == 403


def test_a_cross_site_fetch_is_refused(explorer):
    assert request(explorer, "GET", "/", headers={"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_its_own_origin_is_answered(explorer):
    asked = {"what": "course", "scenario": NAME}
    origin = {"Origin": explorer.url.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert request(explorer, "POST", "/api/solve", asked, JSON | origin)[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/static/explore.js", "/explore.js%00", "//etc/passwd", "/api/solve"],
)
def test_a_path_is_never_a_file(explorer, path):
    assert request(explorer, "GET", path)[0] == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(explorer, method):
    assert request(explorer, method, "/")[0] == 501


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 20_000, 400),
        (b"[1, 2]", 400),
        (b"null", 400),
        (b'{"what": "course", "scenario": "november-2023", "changes": {"x": NaN}}', 400),
        (b'{"what": "course", "scenario": "november-2023", "changes": {"x": [1]}}', 400),
        (b'{"what": "course", "scenario": "november-2023", "changes": {"x": true}}', 400),
        (b'{"what": "course", "scenario": "november-2023", "changes": []}', 400),
        (b'{"what": "course"}', 400),
        (b'{"what": 3, "scenario": "november-2023"}', 400),
        (b'{"what": "course", "scenario": "november-2023", "path": "/etc/passwd"}', 400),
        (b" " * 40_000, 413),
    ],
)
def test_a_body_that_is_no_question_is_refused(explorer, body, status):
    got, told, _ = request(explorer, "POST", "/api/solve", body, JSON)
    assert got == status
    assert json.loads(told)["faults"][0]["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (JSON | {"Content-Length": "999999999999"}, 413),
        (JSON | {"Content-Length": "-1"}, 411),
        (JSON | {"Content-Length": "2", "Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_a_body_of_another_kind_or_length_is_refused(explorer, headers, status):
    assert request(explorer, "POST", "/api/solve", b"{}", headers)[0] == status


def test_what_is_no_request_is_refused_and_the_server_goes_on(explorer):
    with socket.create_connection(("127.0.0.1", explorer.port), timeout=10) as plain:
        plain.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        plain.recv(4096)
    assert request(explorer, "GET", "/")[0] == 200


def drip(connection, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.sendall(b" ")
        time.sleep(0.02)


@pytest.mark.parametrize("told", [b"GET / HT", b"POST /api/solve HTTP/1.1\r\nX: "])
def test_a_client_that_sends_one_byte_at_a_time_is_let_go(explorer, monkeypatch, told):
    monkeypatch.setattr(explorer.http, "read_seconds", 0.3)
    with socket.create_connection(("127.0.0.1", explorer.port), timeout=30) as slow:
        slow.sendall(told)
        with pytest.raises(OSError):  # reset or broken pipe, as the system says it
            drip(slow, 30)
    assert request(explorer, "GET", "/")[0] == 200


def test_silent_connections_do_not_keep_others_out(explorer, monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 5)
    monkeypatch.setattr(explorer.http, "read_seconds", 0.5)
    silent = [socket.create_connection(("127.0.0.1", explorer.port)) for _ in range(12)]
    answered, until = 0, time.monotonic() + START_SECONDS
    while answered != 200 and time.monotonic() < until:
        with suppress(OSError):  # no room just now
            answered = request(explorer, "GET", "/")[0]
    assert answered == 200
    for connection in silent:
        connection.close()


@pytest.mark.parametrize("name", ["/etc/passwd", "../november-2023", "november-2023.toml", ""])
def test_a_scenario_is_one_of_those_known_never_a_path(explorer, name):
    told = ask(explorer, scenario=name)
    assert told["faults"][0]["path"] == "scenario"


@pytest.mark.parametrize(
    "key", ["name", "title", "mediator.bias", "terms", "__class__", "sources", "observed"]
)
def test_only_parameters_and_extensions_can_be_changed(explorer, key):
    told = ask(explorer, changes={key: "on"})
    assert told["faults"][0]["path"] == "changes"


@pytest.mark.parametrize("value", ["yes", "", 1, 0.5, "{}", "ON"])
def test_an_extension_is_on_or_off_and_nothing_else(explorer, value):
    told = ask(explorer, changes={"mediator": value})
    assert told["faults"][0]["path"] == "mediator"
    assert '"on" or "off"' in told["faults"][0]["message"]


def test_every_fault_comes_with_the_path_of_its_field(explorer):
    told = ask(explorer, changes={"x": "abc", "pi0": 2, "J": 3.5, "n0": 200})
    paths = {fault["path"] for fault in told["faults"]}
    assert paths == {
        "terms.captives_per_extra_day", "captor.trust", "terms.pause_days_max",
        "terms.first_block_captives",
    }  # fmt: skip
    said = {fault["path"]: fault["message"] for fault in told["faults"]}
    assert "a number from 0 to 1" in said["captor.trust"]


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"1" + b"0" * 400, b"1e-320", b"-0.0"])
def test_any_number_that_json_can_hold_is_answered(explorer, number):
    for symbol in (b"x", b"J", b"k0"):
        body = b'{"what": "toml", "scenario": "november-2023", "changes": {"%s": %s}}'
        status, told, _ = request(explorer, "POST", "/api/solve", body % (symbol, number), JSON)
        assert status == 200, told
        assert set(json.loads(told)) <= {"faults", "answer"}


def test_a_scenario_too_large_for_the_memory_is_refused_before_it_is_solved(explorer):
    told = ask(explorer, changes={"J": 366, "Emax": 366, "Tmax": 366, "x": 0.01})
    assert told["faults"][0]["path"] == "terms.pause_days_max"
    assert "too large" in told["faults"][0]["message"]


def test_a_client_solves_one_at_a_time(explorer):
    asked = {"client": "tab", "what": "course", "scenario": NAME}
    explorer.busy.add("tab")
    try:
        assert request(explorer, "POST", "/api/solve", asked, JSON)[0] == 429
        assert request(explorer, "POST", "/api/solve", asked | {"client": "b"}, JSON)[0] == 200
    finally:
        explorer.busy.discard("tab")
    assert request(explorer, "POST", "/api/solve", asked, JSON)[0] == 200
    assert not explorer.busy


def test_no_more_than_a_few_pages_wait_at_once(explorer):
    explorer.busy.update(map(str, range(20)))
    try:
        assert request(explorer, "POST", "/api/solve", {"what": "course", "scenario": NAME},
                       JSON)[0] == 429  # fmt: skip
    finally:
        explorer.busy.clear()


# what is answered


def test_the_answer_is_that_of_the_solver(explorer):
    told = ask(explorer, changes={"x": 12})["answer"]
    equilibrium = truce.solve(cf.load(NAME).replace(x=12))
    course = equilibrium.course()
    assert told["headline"]["mean_days"] == pytest.approx(course.mean_days, rel=1e-14)
    assert told["headline"]["trust"] == pytest.approx(equilibrium.trust, rel=1e-14)
    assert told["length"]["probability"] == pytest.approx(course.length.tolist(), rel=1e-14)
    assert dict(zip(told["ends"]["cause"], told["ends"]["probability"], strict=True)) == (
        pytest.approx(course.ends.to_dict(), rel=1e-14)
    )


def test_the_baseline_is_that_of_the_paper(explorer):
    headline = ask(explorer)["answer"]["headline"]
    assert (headline["modal_days"], headline["sequence"]) == (7, "4-2-1")  # README
    assert headline["modal_probability"] == pytest.approx(0.563, abs=5e-4)
    assert headline["trust"] == pytest.approx(0.471, abs=5e-4)


def test_bands_and_marks_are_those_of_the_printed_figure(scenario):
    told = explore.answer("course", scenario)
    table = course_figure.table(scenario)
    for name, quantity in [("mean", "held_mean"), *((q, f"held_{q}") for q in ("q05", "q95"))]:
        printed = table.loc[table["quantity"] == quantity, "value"].tolist()
        assert told["held"][name] == pytest.approx(printed, rel=1e-12)
    happened = table.loc[table["quantity"] == "realised_held", "value"].tolist()
    assert told["happened"] == {"pause_days": 7, "held": pytest.approx(happened)}


def test_the_negotiation_is_that_of_the_printed_figure(scenario):
    told = explore.answer("course", scenario)["negotiation"]
    table = negotiation_figure.table(scenario)
    for name, quantity in [("talks", "talks"), ("nash_product", "nash_product")]:
        printed = table.loc[table["quantity"] == quantity, "value"].tolist()
        assert told[name] == pytest.approx(printed, rel=1e-12)


def test_windows_are_those_of_the_table_of_incentives(scenario):
    table = truce.extension(truce.solve(scenario))
    told = explore.answer("windows", scenario)["windows"]
    held = explore.answer("course", scenario)["trust"]
    assert [row["clause_in_zone"] for row in told] == table["clause_in_zone"].tolist()
    for row, trust, (_, wanted) in zip(told, held, table.iterrows(), strict=True):
        assert row["zone"] == [pytest.approx(part) for part in wanted["zone"]]
        assert trust["trust_held"] == pytest.approx(wanted["trust_held"])
        assert trust["trust_needed"] == pytest.approx(wanted["trust_needed"])


@pytest.mark.parametrize("name", [f"P{i}" for i in range(1, 10)])
def test_each_proposition_is_judged_and_drawn(scenario, name):
    told = explore.answer("proposition", scenario, name)
    judged = truce.proposition(name, scenario)
    assert told["holds"] is judged.holds
    assert told["panels"]
    assert all(len(s["x"]) == len(s["y"]) > 1 for p in told["panels"] for s in p["series"])
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize("changes", [{"v": 0.0}, {"pi0": 0.0}, {"lam": 0.0}, {"x": 98}, {"x_p": 0}])
def test_what_agrees_on_nothing_is_answered_too(explorer, changes):
    for what in ("course", "windows"):
        assert "answer" in ask(explorer, what, changes)


def test_a_proposition_that_is_silent_says_why(scenario):
    told = explore.answer("proposition", scenario.replace(v=0.0), "P1")
    assert told["holds"] is None
    assert told["reason"]


def test_an_unknown_part_or_proposition_is_told(explorer):
    assert ask(explorer, "weather")["faults"][0]["path"] == "what"
    assert ask(explorer, "proposition", name="P10")["faults"][0]["path"] == "name"


def test_a_parameter_of_an_extension_that_is_off_is_refused_with_a_remedy(explorer):
    told = ask(explorer, changes={"b_M": 0.3})
    assert "[mediator] is off" in told["faults"][0]["message"]


def test_two_extensions_at_once_are_refused_in_words(explorer):
    told = ask(explorer, changes={"mediator": "on", "resolve": "on"})
    assert "one extension at a time" in told["faults"][0]["message"]


@pytest.mark.parametrize("name", list(EXTENSIONS))
def test_an_extension_is_solved_and_says_what_only_the_base_model_has(scenario, name):
    extended_scenario = scenario.replace({name: "on"})
    told = explore.answer("course", extended_scenario)
    equilibrium = truce.solve(extended_scenario)
    course = equilibrium.course()
    assert told["headline"]["mean_days"] == pytest.approx(course.mean_days, rel=1e-14)
    assert told["headline"]["trust"] == pytest.approx(equilibrium.trust, rel=1e-14)
    assert told["held"]["mean"][0] == pytest.approx(equilibrium.captives)
    assert told["extension"]["name"] == name
    assert told["extension"]["without"]["block_days"] == 4  # MODEL.md section 5
    assert len(told["extension"]["rows"]) >= 3
    assert told["trust"] or "most likely course" in told["no_trust"]
    zone = explore.answer("windows", extended_scenario)
    assert zone["windows"] == []
    assert "base model alone" in zone["why"]
    judged = explore.answer("proposition", extended_scenario, "P5")
    assert judged["holds"] is None
    assert "base model" in judged["reason"]
    assert "base model" in explore.answer("decomposition", extended_scenario)["why"]
    json.dumps([told, zone, judged], allow_nan=False)


def test_the_windows_of_resolve_are_those_of_its_path(scenario):
    equilibrium = truce.solve(scenario.replace(resolve="on"))
    rows = extended.windows(equilibrium, (4, 2, 1))
    path = follow(equilibrium, (4, 2, 1))
    path = path[path["stage"] == "window"]
    for name in ("day", "held_captives", "trust_held", "trust_needed", "goes_on_probability"):
        assert [row[name] for row in rows] == pytest.approx(path[name].tolist(), rel=1e-12)


def test_beliefs_along_the_mediators_course_end_with_its_own_posteriors(scenario):
    equilibrium = truce.solve(scenario.replace(mediator="on"))
    rows = extended.windows(equilibrium, (4, 2, 1))
    walk = MediatedWalk(equilibrium.line(4), equilibrium.trust, 4)
    walk.course()
    reached = {trust for states in (*walk.arriving, *walk.starting) for trust, _ in states}
    assert all(any(abs(row["trust_held"] - t) < 1e-12 for t in reached) for row in rows)


@pytest.mark.parametrize("name", list(EXTENSIONS))
@pytest.mark.parametrize("changes", [{"v": 0.0}, {"x": 98}])
def test_an_extension_without_a_deal_or_windows_is_answered_too(scenario, name, changes):
    told = explore.answer("course", scenario.replace({name: "on", **changes}))
    assert told["extension"]["rows"] is not None


def test_an_extensions_scenario_file_reads_back(explorer, scenario, tmp_path):
    text = ask(explorer, "toml", {"b_M": 0.3, "mediator": "on"})["answer"]
    file = tmp_path / "changed.toml"
    file.write_text(text, encoding="utf-8")
    assert cf.load(file).digest == scenario.replace({"mediator": {"bias": 0.3}}).digest
    assert cf.load(file).name == f"{NAME}-changed"


def test_the_decomposition_is_that_of_the_command(scenario):
    told = explore.answer("decomposition", scenario)
    found = truce.decompose(scenario)
    assert [case["case"] for case in told["cases"]] == list(found.courses)
    for case, course in zip(told["cases"], found.courses.values(), strict=True):
        assert case["mean_days"] == pytest.approx(course.mean_days, rel=1e-14)
        assert case["length"] == pytest.approx(course.length.tolist(), rel=1e-14)
    assert (told["block_days"], round(told["trust"], 3)) == (4, 0.471)  # MODEL.md section 5


def test_without_a_block_the_decomposition_says_why_there_is_none(scenario):
    assert "no first block" in explore.answer("decomposition", scenario.replace(v=0.0))["why"]


def test_the_scenario_file_is_read_back_and_forgets_the_source_of_what_changed(
    explorer, scenario, tmp_path
):
    text = ask(explorer, "toml", {"x": 12, "pi0": 0.3})["answer"]
    file = tmp_path / "changed.toml"
    file.write_text(text, encoding="utf-8")
    loaded = cf.load(file)
    assert loaded.digest == scenario.replace(x=12, pi0=0.3).digest
    assert loaded.name == f"{NAME}-changed"
    assert loaded.source("terms.captives_per_extra_day") == "assumed"
    assert loaded.source("pilot.captives") == scenario.source("pilot.captives")
    assert ask(explorer, "toml")["answer"] == scenario.to_toml()


def test_the_page_knows_every_parameter_with_meaning_and_source(explorer, scenario):
    told = json.loads(request(explorer, "GET", "/api/page")[1])
    rows = told["scenarios"][NAME]["parameters"]
    table = scenario.parameters()
    base = [row for row in rows if row["group"] not in EXTENSIONS]
    assert [row["path"] for row in base] == table["path"].tolist()
    assert [row["source"] for row in base] == table["source"].tolist()
    assert {row["group"] for row in rows} >= set(EXTENSIONS) == set(told["extensions"])
    assert told["scenarios"][NAME]["on"] == []
    assert {row["symbol"] for row in rows if row["main"]} == set(state.MAIN)
    assert set(told["scenarios"]) == {NAME, "no-pilot", "all-at-once"}
    assert set(told["propositions"]) == {f"P{i}" for i in range(1, 10)}


def test_sliders_hold_the_scenarios_value_within_the_parameters_bounds():
    for name in state.scenarios():
        for row in state.parameters(cf.load(name)):
            assert row["lower"] <= row["from"] < row["to"] <= row["upper"], row
            assert row["from"] <= row["value"] <= row["to"], row
            assert row["step"] > 0


def test_presets_take_the_frictions_off(scenario):
    found = {preset.name: preset.changes for preset in state.presets(scenario)}
    assert set(found) == {friction.name for friction in truce.FRICTIONS} | {"all off"}
    assert found["loss of momentum"] == {"k1": 0.0}
    assert found["distrust"] == {"pi0": 1.0}
    assert explore.answer("course", scenario.replace(found["all off"]))["status"]


def test_a_scenario_of_ones_own_is_shown_first(scenario):
    own = scenario.replace({"name": "mine", "terms.captives_per_extra_day": 8})
    known = state.scenarios(own)
    assert next(iter(known)) == "mine"
    assert page.about(own, known)["first"] == "mine"


def test_too_large_is_refused_with_a_remedy(scenario):
    with pytest.raises(ScenarioError, match="lower the caps"):
        state.check_size(scenario.replace(J=366, Emax=366, Tmax=366, x=0.1))


def test_colours_are_those_of_the_printed_figures():
    light = page.read("explore.css").partition("@media")[0]
    for name in ("blue", "orange", "green", "red", "sky", "pale", "grey", "ink"):
        assert f"--{name}: {getattr(style, name.upper())};" in light


def test_a_taken_port_is_told(explorer, scenario):
    with pytest.raises(ArgumentError, match="free port"):
        explore.Explorer(scenario, port=explorer.port)


def test_nothing_of_the_page_is_missing_from_the_package():
    names = {path.name for path in (Path(page.__file__).parent / "static").iterdir()}
    assert names == {"index.html", "explore.css", *page.SCRIPTS}


# the command


@pytest.mark.parametrize(
    "arguments",
    [["--over", "x=10"], ["no-such"], ["--port", "70000"], ["--build", "a", "--over", "x"]],
)
def test_the_command_refuses_what_it_cannot_do(arguments):
    assert CliRunner().invoke(main, ["explore", *arguments]).exit_code == 2


def test_the_command_serves_until_it_is_told_to_stop():
    arguments = [sys.executable, "-m", "ceasefire", "explore", "no-pilot", "--no-browser"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as running:
        url = running.stdout.readline().split()[0]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        port = int(url.rstrip("/").rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/api/page")
        assert json.loads(connection.getresponse().read())["first"] == "no-pilot"
        connection.close()
        running.terminate()


# last: these end the solver


def test_a_solver_that_dies_is_told_and_started_again(explorer, scenario):
    explorer.solver._process.kill()
    with pytest.raises(SolveError, match="died"):
        explorer.solver.ask("course", scenario)
    assert explorer.solver.wait(START_SECONDS)
    assert "answer" in explorer.solver.ask("course", scenario)


def test_the_compiler_of_an_extension_has_its_own_limit(explorer, scenario):
    slow = scenario.replace({"partial_batches": "on", "W0": 300, "J": 30})
    explorer.solver.limit_seconds = 1.0
    with pytest.raises(SolveError, match="ended after 1 seconds"):
        explorer.solver.ask("course", slow)
    assert explorer.solver.wait(START_SECONDS)
    explorer.solver.limit_seconds = LIMIT_SECONDS


def test_a_long_solve_is_ended_and_the_solver_starts_again(explorer):
    explorer.solver.limit_seconds = 1e-4
    told = ask(explorer, changes={"x": 11.5})
    assert "ended after" in told["faults"][0]["message"]
    assert ask(explorer) == {"starting": True}
