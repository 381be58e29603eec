"use strict";
// The page: controls, the state in the address, and when to ask for what.

(() => {
  const byId = (id) => document.getElementById(id);
  const HEADLINE = [
    ["mean_days", "mean length", "days"], ["modal_days", "most likely length", "days"],
    ["modal_probability", "its probability", ""], ["sequence", "most likely chunks", "days"],
    ["mean_left", "captives left, mean", ""], ["trust", "belief after the pilot", ""],
    ["open_probability", "talks open", ""], ["deal_probability", "talks end in a deal", ""],
    ["block_days", "first block", "days"],
  ];
  const client = Math.random().toString(36).slice(2) + Date.now().toString(36);
  const grid = window.GRID || null; // a built file carries its solutions
  let about;
  const state = { scenario: "", changes: {}, pin: null, show: "" };
  const DECOMPOSITION = "decomposition";
  const shown = { now: null, windows: null, pinned: null, more: null };
  const solvedBefore = new Set(); // extensions: the first solve of each may compile
  let busy = false, again = false, since = 0, wrong = ""; // wrong: with the link, told until the next change

  // ---- asking

  async function ask(what, wanted, name = "") {
    if (grid) return fromGrid(what, wanted, name);
    for (;;) {
      const reply = await fetch("api/solve", {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ client, what, scenario: wanted.scenario, changes: wanted.changes, name }),
      });
      const told = reply.status === 429 ? { busy: true } : await reply.json();
      if (told.starting) say("The solver starts; the first run on a machine compiles for up to a minute.");
      else if (!told.busy) return told;
      await pause(told.busy ? 150 : 400);
    }
  }

  // A preset of a built file is solved where its grid starts.
  function preset(wanted) {
    const at = about.scenarios[about.first].presets.findIndex((told) => same(told.changes, wanted.changes));
    return at < 0 || !Object.keys(wanted.changes).length ? null : grid.presets[at];
  }

  function fromGrid(what, wanted, name) {
    const ready = preset(wanted);
    if (ready) return what === "toml" ? { answer: ready.toml } : held(ready.solved, what, name);
    const at = grid.axes.map((axis) => axis.values.indexOf(wanted.changes[axis.symbol] ?? axis.values[axis.start]));
    if (at.includes(-1)) return { faults: [{ path: "", message: "the link is of a point that this file does not hold" }] };
    if (what === "toml") {
      const text = grid.toml.map((part) => (typeof part === "string" ? part : part.texts[at[part.axis]])).join("");
      return { answer: text };
    }
    return held(grid.points[at.reduce((sum, i, k) => sum * grid.axes[k].values.length + i, 0)], what, name);
  }

  function held(point, what, name) {
    if (point.faults) return point;
    if (what === "windows") return { answer: { windows: point.windows, why: point.why } };
    if (what === "course") return { answer: point };
    const judged = point.judged && point.judged[what === "decomposition" ? what : name];
    if (judged) return { answer: judged };
    const why = `this file holds it where its grid starts alone: ${grid.axes.map((axis) => `${axis.symbol} = ${axis.values[axis.start]}`).join(", ")}`;
    return { answer: what === "decomposition" ? { cases: [], why }
      : { name, statement: about.propositions[name], holds: null, claims: {}, reason: why, below: "", panels: [], tried: null } };
  }

  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const say = (said) => { byId("status").textContent = said; };

  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        await once();
      } while (again);
    } catch (error) {
      say("");
      byId("general").textContent = error instanceof TypeError && !grid
        ? "The server does not answer. Start it again: ceasefire explore"
        : `A fault of the page: ${error}`;
    } finally {
      busy = false;
      document.documentElement.dataset.settled = String(Number(document.documentElement.dataset.settled || 0) + 1);
    }
  }

  async function once() {
    const wanted = { scenario: state.scenario, changes: { ...state.changes } };
    await pinned();
    const extended = extensions().length > 0;
    if (extended && !solvedBefore.has(extensions()[0])) say("Solving the extension; the first time on a machine compiles for up to a minute.");
    const course = await ask("course", wanted);
    if (!accept(course)) return;
    extensions().forEach((name) => solvedBefore.add(name));
    shown.now = course.answer;
    const next = again ? null : ask("windows", wanted); // solved while this is drawn
    draw();
    const spent = performance.now() - since;
    document.documentElement.dataset.ms = spent.toFixed(1);
    document.documentElement.dataset.course = String(Number(document.documentElement.dataset.course || 0) + 1);
    say("");
    byId("spent").textContent = grid ? "Solved beforehand." : `Solved in ${spent.toFixed(0)} ms.`;
    if (!next) return;
    const windows = await next;
    if (!accept(windows)) return;
    shown.windows = windows.answer;
    drawZone();
    document.documentElement.dataset.whole = (performance.now() - since).toFixed(1);
    if (!state.show) shown.more = null;
    if (again || !state.show) return;
    const found = state.show === DECOMPOSITION ? await ask(DECOMPOSITION, wanted) : await ask("proposition", wanted, state.show);
    if (!accept(found)) return;
    shown.more = { show: state.show, ...found.answer };
    draw();
  }

  async function pinned() {
    if (!state.pin) { shown.pinned = null; return; }
    const key = JSON.stringify(state.pin);
    if (shown.pinned && shown.pinned.key === key) return;
    const course = await ask("course", state.pin);
    const windows = course.faults ? course : await ask("windows", state.pin);
    if (windows.faults) {
      state.pin = null;
      values();
      shown.pinned = null;
      wrong = `The baseline cannot be solved, and is left out: ${windows.faults.map((f) => `${f.path} ${f.message}`).join("; ")}`;
    } else {
      shown.pinned = { key, ...course.answer, ...windows.answer };
    }
  }

  function accept(told) {
    clearFaults();
    if (told.faults) tellFaults(told.faults);
    byId("figures").classList.toggle("stale", Boolean(told.faults));
    return !told.faults;
  }

  // ---- faults

  function clearFaults() {
    byId("general").textContent = wrong;
    for (const place of document.querySelectorAll("#controls .fault")) place.textContent = "";
    for (const field of document.querySelectorAll("#controls [aria-invalid]")) field.removeAttribute("aria-invalid");
  }

  function tellFaults(faults) {
    say("Not solved: see the marked field.");
    for (const { path, message } of faults) {
      const row = [...document.querySelectorAll(".row")].find((r) => r.dataset.path === path);
      const own = [...document.querySelectorAll("fieldset > .fault")].find((place) => place.dataset.path === path);
      if (own) { own.textContent = message; continue; }
      if (!row) { byId("general").textContent += `${path ? `${path}: ` : ""}${message} `; continue; }
      row.querySelector(".fault").textContent = message;
      row.querySelector(".value").setAttribute("aria-invalid", "true");
      const more = row.closest("details");
      if (more) more.open = true;
    }
  }

  // ---- controls

  const parameters = () => about.scenarios[state.scenario].parameters;
  const isOn = (name) => (state.changes[name] || (about.scenarios[state.scenario].on.includes(name) ? "on" : "off")) === "on";
  const extensions = () => Object.keys(about.extensions).filter(isOn);

  function html(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function controls() {
    const form = byId("controls");
    form.replaceChildren();
    for (const [group, title] of Object.entries(about.groups)) {
      const members = parameters().filter((p) => p.group === group);
      if (!members.length) continue;
      const box = html("fieldset", {}, html("legend", {}, title));
      box.append(...members.filter((p) => p.main).map(control));
      const rest = members.filter((p) => !p.main);
      if (rest.length) box.append(html("details", {}, html("summary", {}, `more (${rest.length})`), ...rest.map(control)));
      form.append(box);
    }
    for (const [name, told] of Object.entries(about.extensions)) form.append(...extension(name, told));
    values();
  }

  // The fieldset of an extension: a switch, what it adds, its parameters while it is on.
  function extension(name, told) {
    const members = parameters().filter((p) => p.group === name);
    if (grid && !members.length) return [];
    const box = html("fieldset", { "data-extension": name }, html("legend", {}, `Extension: ${told.title.toLowerCase()}`));
    const toggle = html("input", { type: "checkbox", id: `on-${name}`, "aria-describedby": `about-${name}` });
    toggle.disabled = Boolean(grid);
    toggle.addEventListener("change", () => switched(name, toggle.checked));
    const rest = members.filter((p) => !p.main);
    box.append(html("label", { class: "switch", for: `on-${name}` }, toggle, "switched on"), html("p", { class: "about", id: `about-${name}` }, told.about),
      html("p", { class: "fault", "data-path": name, role: "alert" }),
      html("div", { class: "members" }, ...members.filter((p) => p.main).map(control),
        ...(rest.length ? [html("details", {}, html("summary", {}, `more (${rest.length})`), ...rest.map(control))] : [])));
    return [box];
  }

  function put(name, on) {
    if (about.scenarios[state.scenario].on.includes(name) === on) delete state.changes[name];
    else state.changes[name] = on ? "on" : "off";
    if (!on) for (const p of parameters()) if (p.group === name) delete state.changes[p.symbol];
  }

  function switched(name, on) {
    const others = on ? extensions() : [];
    others.forEach((other) => put(other, false));
    put(name, on);
    shown.more = null;
    go();
    if (others.length) byId("note").textContent = `Extensions cannot be combined: ${others.map((other) => about.extensions[other].title.toLowerCase()).join(", ")} is switched off.`;
  }

  function control(p) {
    const id = `p-${p.symbol}`;
    const row = html("div", { class: "row", "data-path": p.path, "data-symbol": p.symbol });
    const label = html("label", { for: id }, `${p.label} `, html("span", { class: "unit" }, `${p.symbol}, ${p.unit}`));
    const described = { "aria-describedby": `${id}-tip ${id}-fault` };
    const range = html("input", { type: "range", id: `${id}-range`, "aria-label": `${p.label}, slider`, ...described,
      min: p.values ? 0 : p.from, max: p.values ? p.values.length - 1 : p.to, step: p.values ? 1 : p.step });
    const value = p.values
      ? html("select", { id, class: "value", ...described }, ...p.values.map((v) => html("option", { value: v }, Charts.show(v, 6))))
      : html("input", { type: "text", inputmode: "decimal", id, class: "value", ...described });
    const why = html("button", { type: "button", class: "why", "aria-label": `about ${p.label}`, "aria-expanded": "false", "aria-controls": `${id}-tip` }, "?");
    const allowed = p.values ? "" : ` Allowed: ${Charts.show(p.lower)} to ${Charts.show(p.upper)}.`;
    const tip = html("p", { class: "tip", id: `${id}-tip` }, `${p.meaning} (${p.unit}).${allowed} Source: ${p.source}`);
    const fault = html("p", { class: "fault", id: `${id}-fault`, role: "alert" });
    range.addEventListener("input", () => change(p, p.values ? p.values[Number(range.value)] : Number(range.value)));
    value.addEventListener(p.values ? "change" : "input", () => {
      const said = value.value.trim().replace(",", ".");
      change(p, said !== "" && Number.isFinite(Number(said)) ? Number(said) : said, value);
    });
    why.addEventListener("click", () => why.setAttribute("aria-expanded", String(why.getAttribute("aria-expanded") !== "true")));
    why.addEventListener("keydown", (event) => { if (event.key === "Escape") why.setAttribute("aria-expanded", "false"); });
    row.append(label, range, value, why, tip, fault);
    return row;
  }

  function change(p, value, typed) {
    since = performance.now();
    wrong = "";
    byId("note").textContent = "";
    if (grid && preset(state)) state.changes = {}; // a preset is a point of its own
    if (value === p.value) delete state.changes[p.symbol]; else state.changes[p.symbol] = value;
    values(typed);
    remember();
    refresh();
  }

  function values(typed) {
    for (const p of parameters()) {
      const row = document.querySelector(`.row[data-symbol="${p.symbol}"]`);
      const moved = p.symbol in state.changes;
      const value = moved ? state.changes[p.symbol] : p.value;
      const field = row.querySelector(".value"), range = row.querySelector("input[type=range]");
      if (p.values) offer(field, p, value);
      if (field !== typed) field.value = String(value);
      if (typeof value === "number") {
        range.value = p.values ? p.values.indexOf(value) : value;
        range.setAttribute("aria-valuetext", `${Charts.show(value, 6)} ${p.unit}`);
      }
      row.classList.toggle("changed", moved);
    }
    for (const box of document.querySelectorAll("[data-extension]")) {
      const on = isOn(box.dataset.extension);
      box.querySelector("input[type=checkbox]").checked = on;
      box.querySelector(".members").hidden = !on;
    }
    byId("unpin").hidden = byId("back").hidden = !state.pin;
    byId("scenario").value = state.scenario;
    byId("show").value = state.show;
    byId("title").textContent = about.scenarios[state.scenario].title;
    byId("preset").value = presetShown();
  }

  // A preset of a built file may have a value that its grid has not.
  function offer(field, p, value) {
    for (const old of field.querySelectorAll("[data-own]")) old.remove();
    if (!p.values.includes(value)) field.append(html("option", { value, "data-own": "" }, Charts.show(value, 6)));
  }

  const same = (a, b) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

  function presetShown() {
    const found = about.scenarios[state.scenario].presets.find((preset) => same(preset.changes, state.changes));
    return Object.keys(state.changes).length && found ? found.name : "";
  }

  function choices() {
    const scenarios = Object.entries(about.scenarios).map(([name, told]) => html("option", { value: name }, `${name}: ${told.title}`));
    byId("scenario").replaceChildren(...scenarios);
    byId("scenario").parentElement.hidden = Boolean(grid);
    byId("show").replaceChildren(html("option", { value: "" }, "nothing more"),
      html("option", { value: DECOMPOSITION }, "What ends the truce: frictions off, negotiation held fixed"),
      html("optgroup", { label: "Propositions, judged at the values shown" },
        ...Object.entries(about.propositions).map(([name, said]) => html("option", { value: name, title: said }, `${name}: ${said}`))));
  }

  function presets() {
    const list = about.scenarios[state.scenario].presets;
    byId("preset").replaceChildren(html("option", { value: "" }, "as in the scenario, or own values"),
      html("optgroup", { label: "What ends the truce: one friction off, solved anew" },
        ...list.map((preset) => html("option", { value: preset.name, title: preset.about }, preset.label))));
  }

  // ---- the address

  let writing = 0;
  function remember() {
    clearTimeout(writing);
    writing = setTimeout(() => history.replaceState(null, "", `#${address()}`), 120);
  }

  function address() {
    const told = new URLSearchParams({ scenario: state.scenario, ...state.changes });
    if (state.show) told.set("show", state.show);
    if (state.pin) {
      told.set("pin", state.pin.scenario);
      for (const [symbol, value] of Object.entries(state.pin.changes)) told.set(`pin.${symbol}`, value);
    }
    return told.toString();
  }

  function recall() {
    const told = new URLSearchParams(location.hash.slice(1));
    const number = (said) => (said.trim() !== "" && Number.isFinite(Number(said)) ? Number(said) : said);
    const first = told.get("scenario") || about.first;
    const unknown = !Object.hasOwn(about.scenarios, first);
    state.scenario = unknown ? about.first : first;
    state.changes = {};
    state.show = "";
    state.pin = null;
    const odd = [];
    const known = new Set([...parameters().map((p) => p.symbol), ...Object.keys(about.extensions),
      ...about.scenarios[state.scenario].presets.flatMap((one) => Object.keys(one.changes))]);
    const show = told.get("show"), base = told.get("pin");
    if (show && (show === DECOMPOSITION || Object.hasOwn(about.propositions, show))) state.show = show;
    else if (show) odd.push(`show=${show}`);
    if (base && Object.hasOwn(about.scenarios, base)) state.pin = { scenario: base, changes: {} };
    else if (base) odd.push(`pin=${base}`);
    for (const [key, said] of told) {
      if (["scenario", "show", "pin"].includes(key)) continue;
      if (known.has(key)) state.changes[key] = number(said);
      else if (state.pin && key.startsWith("pin.") && known.has(key.slice(4))) state.pin.changes[key.slice(4)] = number(said);
      else odd.push(key);
    }
    since = performance.now();
    const clip = (said) => (said.length > 60 ? `${said.slice(0, 60)}…` : said);
    wrong = [
      ...(unknown ? [`This page does not know the scenario ${clip(first)}; start it with that file.`] : []),
      ...(odd.length ? [`The link names what this page does not know, and it is left out: ${clip(odd.join(", "))}.`] : []),
    ].join(" ");
    byId("note").textContent = "";
    presets();
    controls();
    refresh();
  }

  // ---- drawing

  function draw() {
    const now = shown.now, before = shown.pinned;
    const wide = new Set(["negotiation", "proposition", DECOMPOSITION]);
    const figures = [Charts.length(now, before), Charts.held(now, before)];
    if (shown.windows) figures.push(Charts.windows(shown.windows, before));
    figures.push(Charts.trust(now, before), Charts.ends(now, before), Charts.negotiation(now, before));
    if (now.extension) figures.unshift(Charts.extension(now.extension, now.headline));
    if (state.show && shown.more && shown.more.show === state.show) {
      figures.unshift(state.show === DECOMPOSITION ? Charts.decomposition(shown.more) : Charts.proposition(shown.more));
    }
    const place = byId("charts");
    const ids = new Set(figures.map((f) => f.id));
    for (const old of [...place.children]) if (!ids.has(old.dataset.id)) old.remove();
    figures.forEach((figure, i) => {
      let room = place.querySelector(`figure[data-id="${figure.id}"]`);
      if (!room) room = mount(figure.id, wide.has(figure.id));
      if (place.children[i] !== room) place.insertBefore(room, place.children[i] || null);
      fill(room, figure);
    });
    headline(now, before);
  }

  // The rest of the picture is there already.
  function drawZone() {
    const room = byId("charts").querySelector("figure[data-id=zone]");
    if (room) fill(room, Charts.windows(shown.windows, shown.pinned)); else draw();
  }

  function mount(id, wide) {
    const room = html("figure", { "data-id": id, ...(wide ? { class: "wide" } : {}) },
      html("figcaption", {}, html("h2"), html("p")), html("div", { class: wide ? "panels" : "panel" }),
      html("div", { class: "tools" }), html("details", {}, html("summary", {}, "numbers"), html("div", { class: "scroll", tabindex: "0" })));
    const svg = html("button", { type: "button", class: "svg" }, "SVG"), csv = html("button", { type: "button", class: "csv" }, "CSV");
    svg.addEventListener("click", () => save(`${state.scenario}-${id}.svg`, Charts.file(room.figure.drawn), "image/svg+xml"));
    csv.addEventListener("click", () => save(`${state.scenario}-${id}.csv`, Charts.csv(room.figure.table), "text/csv"));
    room.querySelector(".tools").append(svg, csv);
    room.querySelector("details").addEventListener("toggle", () => numbers(room));
    return room;
  }

  function fill(room, figure) {
    room.figure = figure;
    room.querySelector("h2").textContent = figure.title;
    room.querySelector("figcaption p").textContent = figure.about;
    room.querySelector(".panel, .panels").replaceChildren(...(figure.facts ? [table(figure.table, 4)] : figure.drawn));
    room.querySelector(".svg").hidden = !figure.drawn.length;
    room.classList.toggle("bare", !figure.drawn.length);
    room.querySelector(".csv").hidden = !figure.table.rows.length;
    room.querySelector("details").hidden = figure.facts || !figure.table.rows.length;
    for (const [kind, button] of [["SVG", ".svg"], ["CSV", ".csv"]]) {
      room.querySelector(button).setAttribute("aria-label", `Download ${kind}: ${figure.title}`);
    }
    tries(room, figure);
    room.querySelector(".scroll").setAttribute("aria-label", `Numbers: ${figure.title}`);
    numbers(room);
  }

  // Values of the parameter that a proposition varies, each a button that sets it.
  function tries(room, figure) {
    const place = room.querySelector(".tools");
    const key = JSON.stringify(figure.tried || null);
    if (place.dataset.tried === key) return;
    place.dataset.tried = key;
    const focused = place.contains(document.activeElement) ? document.activeElement.textContent : "";
    for (const old of place.querySelectorAll(".try")) old.remove();
    const p = figure.tried && parameters().find((q) => q.symbol === figure.tried.symbol);
    for (const told of p ? figure.tried.values : []) {
      const value = Number(told.toPrecision(10));
      const button = html("button", { type: "button", class: "try" }, `${p.symbol} = ${Charts.show(value, 4)}`);
      button.addEventListener("click", () => change(p, value));
      place.append(button);
      if (button.textContent === focused) button.focus();
    }
  }

  function numbers(room) {
    if (!room.querySelector("details").open) return;
    room.querySelector(".scroll").replaceChildren(table(room.figure.table));
  }

  function table({ head, rows }, digits = 5) {
    return html("table", {},
      html("thead", {}, html("tr", {}, ...head.map((name) => html("th", { scope: "col" }, name.replaceAll("_", " "))))),
      html("tbody", {}, ...rows.map((row) => html("tr", {}, ...row.map((cell, i) => (typeof cell === "string" && !i
        ? html("th", { scope: "row" }, cell) : html("td", {}, cell === null ? "" : Charts.show(cell, digits))))))));
  }

  function headline(now, before) {
    const value = (told, name) => (name === "block_days" && !told.headline[name] ? "no deal" : Charts.show(told.headline[name]));
    const columns = ["now", ...(before ? ["baseline"] : [])];
    byId("headline").replaceChildren(html("table", {},
      html("caption", {}, now.status),
      html("thead", {}, html("tr", {}, html("th", { scope: "col" }, ""), ...columns.map((name) => html("th", { scope: "col" }, name)))),
      html("tbody", {}, ...HEADLINE.map(([name, label, unit]) => html("tr", { "data-name": name },
        html("th", { scope: "row" }, unit ? `${label} (${unit})` : label),
        html("td", {}, value(now, name)), ...(before ? [html("td", {}, value(before, name))] : []))))));
    const told = (from) => `mean ${Charts.show(from.headline.mean_days)} days, most likely ${from.headline.modal_days}, ${Charts.show(from.headline.mean_left)} left`;
    byId("summary").textContent = told(now) + (before ? ` (baseline: ${told(before)})` : "");
  }

  function save(name, content, kind) {
    const address = URL.createObjectURL(new Blob([content], { type: kind }));
    const anchor = html("a", { href: address, download: name });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  // ---- buttons

  function go() { since = performance.now(); wrong = ""; byId("note").textContent = ""; values(); remember(); refresh(); }

  function buttons() {
    byId("scenario").addEventListener("change", (event) => {
      state.scenario = event.target.value;
      state.changes = {};
      presets();
      controls();
      go();
    });
    byId("preset").addEventListener("change", (event) => {
      const found = about.scenarios[state.scenario].presets.find((preset) => preset.name === event.target.value);
      state.changes = found ? { ...found.changes } : {};
      go();
    });
    byId("show").addEventListener("change", (event) => { state.show = event.target.value; shown.more = null; go(); });
    byId("pin").addEventListener("click", () => { state.pin = { scenario: state.scenario, changes: { ...state.changes } }; go(); });
    byId("unpin").addEventListener("click", () => { state.pin = null; go(); byId("pin").focus(); });
    byId("back").addEventListener("click", () => {
      state.scenario = state.pin.scenario;
      state.changes = { ...state.pin.changes };
      presets();
      controls();
      go();
    });
    byId("reset").addEventListener("click", () => { state.changes = {}; go(); });
    byId("toml").addEventListener("click", async () => {
      const told = await ask("toml", state);
      if (accept(told)) save(`${state.scenario}${Object.keys(state.changes).length ? "-changed" : ""}.toml`, told.answer, "application/toml");
    });
    byId("link").addEventListener("click", async () => {
      history.replaceState(null, "", `#${address()}`);
      try {
        await navigator.clipboard.writeText(location.href);
        say("The link is copied.");
      } catch {
        say("The link is in the address bar.");
      }
    });
    byId("controls").addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", recall);
  }

  async function start() {
    about = grid ? grid.about : await (await fetch("api/page")).json();
    choices();
    buttons();
    recall();
  }

  start();
})();
