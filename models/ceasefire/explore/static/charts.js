"use strict";
// Pictures of numbers: every function takes what Python computed and returns one figure.

const Charts = (() => {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const W = 380, NARROW = 300; // of three figures in a row
  const finite = (v) => typeof v === "number";

  function el(tag, attributes = {}, ...children) {
    const made = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function text(x, y, said, attributes = {}) {
    return el("text", { x: x.toFixed(1), y: y.toFixed(1), ...attributes }, said);
  }

  function show(value, digits = 3) {
    if (value === null || value === undefined) return "–";
    if (value === "inf") return "∞";
    if (value === "-inf") return "−∞";
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value !== "number") return String(value);
    if (Number.isInteger(value)) return String(value);
    if (Math.abs(value) < 1e-4) return Math.abs(value) < 1e-12 ? "0" : value.toExponential(1);
    return String(Number(value.toPrecision(digits)));
  }

  function ticks(low, high, most = 6) {
    const span = high - low || 1;
    const power = 10 ** Math.floor(Math.log10(span / most));
    const step = [1, 2, 5, 10].map((lead) => lead * power).find((s) => span / s <= most) || span;
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
      found.push(Number((k * step).toPrecision(12)));
    }
    return found;
  }

  // A plot's frame: axes, ticks and labels; px and py place a value.
  function frame(height, x, y, options = {}) {
    const at = { left: 46, right: 10, top: 14, bottom: 36, ...options.margin };
    const wide = options.width || W;
    const svg = el("svg", { viewBox: `0 0 ${wide} ${height}`, role: "img" });
    const px = (v) => at.left + ((v - x.low) / (x.high - x.low || 1)) * (wide - at.left - at.right);
    const py = (v) => height - at.bottom - ((v - y.low) / (y.high - y.low || 1)) * (height - at.top - at.bottom);
    const floor = height - at.bottom;
    for (const tick of x.ticks || ticks(x.low, x.high, 8)) {
      svg.append(el("path", { class: "axis", d: `M${px(tick)} ${floor}v4` }));
      svg.append(text(px(tick), floor + 15, show(tick), { "text-anchor": "middle" }));
    }
    if (!y.rows) {
      for (const tick of ticks(y.low, y.high, 5)) {
        svg.append(el("path", { class: "grid", d: `M${at.left} ${py(tick)}H${wide - at.right}` }));
        svg.append(text(at.left - 5, py(tick) + 4, show(tick), { "text-anchor": "end" }));
      }
      svg.append(text(2, 10, y.label, { class: "soft" }));
    }
    svg.append(el("path", { class: "axis", d: `M${at.left} ${at.top}V${floor}H${wide - at.right}` }));
    svg.append(text((at.left + wide - at.right) / 2, height - 4, x.label, { class: "soft", "text-anchor": "middle" }));
    return { svg, px, py, at, floor, height };
  }

  function path(points) {
    return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  }

  function rect(x, y, width, height, name) {
    return el("rect", {
      x: x.toFixed(1), y: y.toFixed(1), width: Math.max(width, 0).toFixed(1),
      height: Math.max(height, 0).toFixed(1), class: name,
    });
  }

  function legend(svg, entries, y) {
    let x = 46;
    for (const [draw, said] of entries) {
      svg.append(draw(x, y - 8), text(x + 17, y, said));
      x += 30 + 5.9 * said.length;
    }
  }
  const box = (name) => (x, y) => rect(x, y, 13, 8, name);
  const dash = (name) => (x, y) => el("path", { class: name, d: `M${x} ${y + 4}h14` });
  const disc = (name) => (x, y) => el("circle", { class: name, cx: x + 7, cy: y + 4, r: 4 });

  function figure(id, title, about, drawn, table) {
    drawn.forEach((svg) => svg.setAttribute("aria-label", `${title}. ${about}`));
    return { id, title, about, drawn, table };
  }

  function length(now, pinned) {
    const days = now.length.days, chances = now.length.probability;
    const last = Math.max(days.length - 1, pinned ? pinned.length.days.length - 1 : 0, now.happened ? now.happened.pause_days : 0);
    const top = Math.max(...chances, ...(pinned ? pinned.length.probability : [0]));
    const f = frame(240, { low: -0.7, high: last + 0.7, label: "pause length (days)", ticks: ticks(0, last, 12) },
      { low: 0, high: top * 1.12, label: "probability" }, { margin: { top: 34, bottom: 46 } });
    const unit = f.px(1) - f.px(0);
    const width = 0.7 * unit;
    chances.forEach((chance, day) => {
      const name = day === now.headline.modal_days ? "bar" : "area";
      f.svg.append(rect(f.px(day) - width / 2, f.py(chance), width, f.floor - f.py(chance), name));
      if (chance >= 0.005 && unit > 22) {
        f.svg.append(text(f.px(day), f.py(chance) - 3, chance.toFixed(2), { "text-anchor": "middle" }));
      }
    });
    const keys = [[box("bar"), "most likely"]];
    if (pinned) {
      pinned.length.probability.forEach((chance, day) => {
        f.svg.append(rect(f.px(day) - width / 2 - 2, f.py(chance), width + 4, f.floor - f.py(chance), "pinned"));
      });
      keys.push([box("pinned"), "baseline"]);
    }
    if (now.happened) {
      const x = f.px(now.happened.pause_days);
      f.svg.append(el("path", { class: "mark", d: `M${x} ${f.floor + 18}l5 9h-10z` }));
      keys.push([(a, b) => el("path", { class: "mark", d: `M${a + 7} ${b}l5 8h-10z` }), "happened"]);
    }
    legend(f.svg, keys, 26);
    const table = { head: ["days", "probability", ...(pinned ? ["baseline"] : [])], rows: [] };
    for (let day = 0; day <= last; day += 1) {
      table.rows.push([day, chances[day] ?? 0, ...(pinned ? [pinned.length.probability[day] ?? 0] : [])]);
    }
    const about = `Most likely ${now.headline.modal_days} days, with probability ${show(now.headline.modal_probability)}; mean ${show(now.headline.mean_days)} days.`;
    return figure("length", "How long the pause lasts", about, [f.svg], table);
  }

  function held(now, pinned) {
    const h = now.held, marks = now.happened ? now.happened.held : [];
    const last = Math.max(h.day.length, pinned ? pinned.held.day.length : 0, marks.length, 2) - 1;
    const top = Math.max(...h.q95, h.mean[0], ...marks, ...(pinned ? pinned.held.mean : [0]));
    const f = frame(230, { low: 0, high: last, label: "pause day", ticks: ticks(0, last, 12) },
      { low: 0, high: top * 1.04, label: "captives held" }, { margin: { top: 34 } });
    // once the pause has ended those held stay as they were
    const at = (values) => Array.from({ length: last + 1 }, (_, day) => [f.px(day), f.py(values[Math.min(day, values.length - 1)])]);
    for (const [low, high, name] of [["q05", "q95", "band90"], ["q25", "q75", "band50"]]) {
      f.svg.append(el("path", { class: name, d: `${path([...at(h[low]), ...at(h[high]).reverse()])}Z` }));
    }
    f.svg.append(el("path", { class: "line", d: path(at(h.mean)) }));
    const keys = [[dash("line"), "mean"], [box("band50"), "50 %"], [box("band90"), "90 %"]];
    if (pinned) {
      f.svg.append(el("path", { class: "pinned", d: path(at(pinned.held.mean)) }));
      keys.push([dash("pinned"), "baseline"]);
    }
    if (marks.length) {
      marks.forEach((v, day) => f.svg.append(rect(f.px(day) - 3, f.py(v) - 3, 6, 6, "mark")));
      keys.push([box("mark"), "happened"]);
    }
    legend(f.svg, keys, 26);
    const table = { head: ["day", "mean", "q05", "q25", "q75", "q95", ...(pinned ? ["baseline mean"] : [])], rows: [] };
    h.day.forEach((day, i) => table.rows.push([day, h.mean[i], h.q05[i], h.q25[i], h.q75[i], h.q95[i],
      ...(pinned ? [pinned.held.mean[Math.min(i, pinned.held.mean.length - 1)]] : [])]));
    return figure("held", "How many are still held",
      `At the end of each day: mean, and the bands that hold the middle 50 % and 90 % of probability. ${show(now.headline.mean_left)} left on average.`,
      [f.svg], table);
  }

  function ends(now, pinned) {
    const rows = now.ends.cause.map((cause, i) => [cause, now.ends.probability[i], pinned ? pinned.ends.probability[i] : 0])
      .filter(([, a, b]) => a >= 5e-4 || b >= 5e-4);
    const top = Math.max(...rows.map(([, a, b]) => Math.max(a, b)));
    const step = 21, height = rows.length * step + 62;
    const f = frame(height, { low: 0, high: Math.min(1, top * 1.18), label: "probability" },
      { low: 0, high: 1, rows: true }, { margin: { left: 142, top: 24 } });
    rows.forEach(([cause, chance, before], i) => {
      const y = f.at.top + 3 + i * step;
      f.svg.append(text(f.at.left - 6, y + 12, cause, { "text-anchor": "end" }));
      f.svg.append(rect(f.px(0), y, f.px(chance) - f.px(0), step - 6, "bar"));
      if (pinned) f.svg.append(rect(f.px(0), y - 2, f.px(before) - f.px(0), step - 2, "pinned"));
      f.svg.append(text(Math.max(f.px(chance), pinned ? f.px(before) : 0) + 4, y + 12, chance.toFixed(3)));
    });
    legend(f.svg, pinned ? [[box("bar"), "now"], [box("pinned"), "baseline"]] : [[box("bar"), "probability"]], 14);
    const table = { head: ["cause", "probability", ...(pinned ? ["baseline"] : [])],
      rows: now.ends.cause.map((cause, i) => [cause, now.ends.probability[i], ...(pinned ? [pinned.ends.probability[i]] : [])]) };
    const likely = rows.reduce((a, b) => (b[1] > a[1] ? b : a));
    return figure("ends", "How it ends", `Most likely: ${likely[0]}.`, [f.svg], table);
  }

  function trust(now, pinned) {
    const rows = now.trust;
    if (now.no_trust) return figure("trust", "Trust held and needed, by window", now.no_trust, [], { head: [], rows: [] });
    const step = 52, height = Math.max(rows.length, 1) * step + 66;
    const f = frame(height, { low: 0, high: 1, label: "belief that the captor is a dealer" },
      { low: 0, high: 1, rows: true }, { margin: { left: 92, top: 26 } });
    rows.forEach((row, i) => {
      const y = f.at.top + 20 + i * step;
      f.svg.append(el("path", { class: "grid", d: `M${f.px(0)} ${y}H${f.px(1)}` }));
      f.svg.append(text(f.at.left - 6, y, `after day ${row.day}`, { "text-anchor": "end", class: "bold" }));
      f.svg.append(text(f.at.left - 6, y + 13, `${show(row.held_captives)} held`, { "text-anchor": "end", class: "soft" }));
      if (finite(row.trust_needed)) f.svg.append(rect(f.px(row.trust_needed) - 2, y - 13, 4, 26, "need"));
      f.svg.append(el("circle", { class: "dot", cx: f.px(row.trust_held), cy: y, r: 6 }));
      const before = pinned && pinned.trust.find((other) => other.day === row.day);
      if (before) {
        f.svg.append(el("circle", { class: "pinned", cx: f.px(before.trust_held), cy: y, r: 9 }));
        if (finite(before.trust_needed)) f.svg.append(rect(f.px(before.trust_needed) - 4, y - 15, 8, 30, "pinned"));
      }
      const said = row.trust_needed === "inf" ? "no belief is enough" : row.trust_needed === null ? "nothing left to offer"
        : `goes on with probability ${row.goes_on_probability.toFixed(2)}`;
      f.svg.append(text(f.px(1), y + 27, said, { "text-anchor": "end", class: "soft" }));
    });
    if (!rows.length) f.svg.append(text(W / 2, 50, "no deal, so no window", { "text-anchor": "middle" }));
    legend(f.svg, [[disc("dot"), "trust held"], [(x, y) => rect(x + 5, y - 1, 4, 10, "need"), "trust needed"],
      ...(pinned ? [[disc("pinned"), "baseline"]] : [])], 14);
    const head = ["day", "held_captives", "trust_held", "trust_needed", "best_chunk_days", "offer_probability", "goes_on_probability"];
    return figure("trust", "Trust held and needed, by window",
      "At each window of the most likely course an extension is offered where the belief held reaches the belief needed.",
      [f.svg], { head, rows: rows.map((row) => head.map((name) => row[name])) });
  }

  function windows(now, pinned) {
    const rows = now.windows;
    if (now.why) return figure("zone", "Zone of agreement, by window", now.why, [], { head: [], rows: [] });
    const highs = rows.flatMap((row) => [row.clause_price * 1.6, ...row.zone.map(([, high]) => high),
      ...[row.captor_reservation_price].filter(finite), ...[row.pausing_state_reservation_price].filter(finite)]);
    const step = 52, height = Math.max(rows.length, 1) * step + 66;
    const f = frame(height, { low: 0, high: Math.max(1, ...highs) * 1.04, label: "price of one more day (captives)" },
      { low: 0, high: 1, rows: true }, { margin: { left: 92, top: 26 } });
    const span = ([low, high], y, tall, name) => {
      const end = Math.min(high, f.high ?? Infinity);
      f.svg.append(rect(f.px(low), y, Math.min(f.px(end), W - f.at.right) - f.px(low), tall, name));
    };
    rows.forEach((row, i) => {
      const y = f.at.top + 8 + i * step;
      f.svg.append(text(f.at.left - 6, y + 14, `after day ${row.day}`, { "text-anchor": "end", class: "bold" }));
      f.svg.append(text(f.at.left - 6, y + 28, row.clause_in_zone ? "clause inside" : "clause outside", { "text-anchor": "end", class: "soft" }));
      row.captor_accepts.forEach((part) => span(part, y, 5, "captor"));
      row.zone.forEach((part) => span(part, y + 8, 14, "zone"));
      row.pausing_state_accepts.forEach((part) => span(part, y + 25, 5, "pauser"));
      const before = pinned && pinned.windows.find((other) => other.day === row.day);
      if (before) before.zone.forEach((part) => span(part, y + 5, 20, "pinned"));
      f.svg.append(el("path", { class: "clause", d: `M${f.px(row.clause_price)} ${y - 3}V${y + 34}` }));
      if (!row.zone.length) f.svg.append(text(f.px(row.clause_price) + 6, y + 19, "no price suits both"));
    });
    if (!rows.length) f.svg.append(text(W / 2, 50, "no deal, so no window", { "text-anchor": "middle" }));
    legend(f.svg, [[(x, y) => rect(x, y + 2, 13, 4, "captor"), "captor"], [(x, y) => rect(x, y + 2, 13, 4, "pauser"), "pausing state"],
      [box("zone"), "both"], [dash("clause"), "clause"]], 14);
    const head = ["day", "held_captives", "clause_price", "clause_in_zone", "zone", "captor_accepts", "pausing_state_accepts",
      "captor_reservation_price", "pausing_state_reservation_price"];
    const told = (v) => (Array.isArray(v) ? v.map(([a, b]) => `${a}..${b}`).join("; ") : v);
    return figure("zone", "Zone of agreement, by window",
      `Prices of one more day that each side accepts at a window, when the committed days are used up. The clause is dotted.${pinned ? " Dashed box: the baseline's zone." : ""}`,
      [f.svg], { head, rows: rows.map((row) => head.map((name) => told(row[name]))) });
  }

  function negotiation(now, pinned) {
    const n = now.negotiation;
    const drawn = [pilot(n, pinned && pinned.negotiation), talks(n, pinned && pinned.negotiation), block(n, pinned && pinned.negotiation)];
    const table = { head: ["quantity", "days", "value"], rows: [
      ["belief before the pilot", null, n.belief[0]], ["belief after the pilot", null, n.belief[1]],
      ["talks open without the pilot", null, n.opens[0]], ["talks open with it", null, n.opens[1]],
      ["share of opportunists that match", null, n.matched], ["talks end in a deal", null, n.deal_probability],
      ["mean days of talks", null, n.talks_mean],
      ...n.block_days.map((days, i) => ["nash product of the block", days, n.nash_product[i]]),
      ...n.talks.map((chance, i) => ["talks, given a deal", i + 1, chance])] };
    return figure("negotiation", "The negotiation",
      `Belief ${show(n.belief[0])} before the pilot and ${show(n.belief[1])} after it; talks open with probability ${show(n.opens[1])} and then end in a deal with probability ${show(n.deal_probability)}.`,
      drawn, table);
  }

  function pilot(n, before) {
    const f = frame(200, { low: -0.6, high: 1.6, label: "pilot release", ticks: [] }, { low: 0, high: 1.12, label: "probability" }, { margin: { top: 34 }, width: NARROW });
    [["belief", n.belief], ["talks open", n.opens]].forEach(([name, [without, after]], i) => {
      [[without, -0.2, "open"], [after, 0.2, "bar"]].forEach(([value, shift, kind]) => {
        const x = f.px(i + shift);
        f.svg.append(rect(x - 20, f.py(value), 40, f.floor - f.py(value), kind));
        f.svg.append(text(x, f.py(value) - 3, value.toFixed(2), { "text-anchor": "middle" }));
      });
      if (before) {
        const value = (i ? before.opens : before.belief)[1];
        f.svg.append(rect(f.px(i + 0.2) - 23, f.py(value), 46, f.floor - f.py(value), "pinned"));
      }
      f.svg.append(text(f.px(i), f.floor + 15, name, { "text-anchor": "middle" }));
    });
    legend(f.svg, [[box("open"), "without"], [box("bar"), "with it"], ...(before ? [[box("pinned"), "baseline"]] : [])], 26);
    return f.svg;
  }

  function talks(n, before) {
    const top = Math.max(...n.talks, ...(before ? before.talks : [0]), 1e-9);
    const f = frame(200, { low: 0, high: n.talks.length, label: "days of talks to the deal" }, { low: 0, high: top * 1.1, label: "probability a day, given a deal" }, { margin: { top: 34 }, width: NARROW });
    const at = (values) => values.map((v, i) => [f.px(i + 1), f.py(v)]);
    f.svg.append(el("path", { class: "area", d: `${path([[f.px(1), f.floor], ...at(n.talks), [f.px(n.talks.length), f.floor]])}Z` }));
    if (before) f.svg.append(el("path", { class: "pinned", d: path(at(before.talks)) }));
    const keys = [];
    if (finite(n.talks_mean)) {
      if (n.talks_mean <= n.talks.length) f.svg.append(el("path", { class: "clause", d: `M${f.px(n.talks_mean)} ${f.at.top}V${f.floor}` }));
      keys.push([dash("clause"), `mean ${show(n.talks_mean)} days`]);
    }
    legend(f.svg, [...keys, ...(before ? [[dash("pinned"), "baseline"]] : [])], 26);
    return f.svg;
  }

  function block(n, before) {
    const values = n.nash_product.map((v) => (finite(v) ? Math.max(v, 0) : 0));
    const top = Math.max(...values, ...(before ? before.nash_product.filter(finite) : [0])) || 1;
    const last = Math.max(n.block_days.length, before ? before.block_days.length : 0);
    const f = frame(200, { low: 0.3, high: last + 0.7, label: "days for the first block", ticks: ticks(1, last, 10) },
      { low: 0, high: top * 1.12, label: "Nash product (utils)" }, { margin: { top: 34 }, width: NARROW });
    const agreed = new Set(n.agreed.map(([days]) => days));
    const width = 0.7 * (f.px(2) - f.px(1));
    n.block_days.forEach((days, i) => {
      const kind = agreed.has(days) ? "chosen" : "open";
      f.svg.append(rect(f.px(days) - width / 2, f.py(values[i]), width, f.floor - f.py(values[i]), kind));
    });
    if (before) {
      before.block_days.forEach((days, i) => {
        const v = Math.max(before.nash_product[i] || 0, 0);
        f.svg.append(rect(f.px(days) - width / 2 - 2, f.py(v), width + 4, f.floor - f.py(v), "pinned"));
      });
    }
    legend(f.svg, [[box("chosen"), "agreed"], [box("open"), "other lengths"], ...(before ? [[box("pinned"), "baseline"]] : [])], 26);
    return f.svg;
  }

  function proposition(found) {
    const names = ["line", "line2", "line3", "line4"];
    const drawn = found.panels.map((panel) => {
      const xs = panel.series.flatMap((s) => s.x), ys = panel.series.flatMap((s) => s.y).filter(finite);
      const low = Math.min(0, ...ys), high = Math.max(...ys, 1e-9);
      const f = frame(190, { low: Math.min(...xs), high: Math.max(...xs), label: found.below },
        { low, high: high + 0.08 * (high - low), label: panel.title }, { margin: { top: panel.series.length > 1 ? 34 : 18 } });
      panel.series.forEach((s, k) => {
        const points = s.x.map((x, i) => [x, s.y[i]]).filter(([, y]) => finite(y)).map(([x, y]) => [f.px(x), f.py(y)]);
        f.svg.append(el("path", { class: names[k % 4], d: path(points) }));
        points.forEach(([x, y]) => f.svg.append(el("circle", { class: "key", cx: x, cy: y, r: 2.5 })));
      });
      if (panel.series.length > 1) legend(f.svg, panel.series.map((s, k) => [dash(names[k % 4]), s.name.replace("after ", "")]), 26);
      return f.svg;
    });
    const verdict = found.holds === null ? `Not judged here: ${found.reason}.` : found.holds ? "It holds here."
      : `It fails here in: ${Object.entries(found.claims).filter(([, kept]) => !kept).map(([part]) => part.replace("_", " ")).join(", ")}.`;
    const rows = found.panels.flatMap((panel) => panel.series.flatMap((s) => s.x.map((x, i) => [panel.title, s.name, x, s.y[i]])));
    return { ...figure("proposition", `${found.name}: ${found.statement}`, verdict, drawn, { head: ["quantity", "series", found.below || "key", "value"], rows }), tried: found.tried };
  }

  // What an extension decides, as a table; the first rows stand beside the base model's.
  function extension(told, headline) {
    const plain = [["mean length (days)", "mean_days"], ["captives left, mean", "mean_left"], ["first block (days)", "block_days"]];
    const rows = [...plain.map(([label, name]) => [label, headline[name], told.without[name]]), ...told.rows.map(([label, value]) => [label, value, null])];
    return { ...figure("extension", told.title, told.about, [], { head: ["quantity", "with it", "without it"], rows }), facts: true };
  }

  function decomposition(found) {
    const title = "What ends the truce: one friction off at a time, the negotiation held fixed";
    if (found.why) return figure("decomposition", title, `Not shown: ${found.why}.`, [], { head: [], rows: [] });
    const last = Math.max(...found.cases.map((one) => one.length.length)) - 1;
    const part = (cases, head) => {
      const step = 40, height = cases.length * step + 62;
      const f = frame(height, { low: -0.7, high: last + 0.7, label: "pause length (days)", ticks: ticks(0, last, 12) },
        { low: 0, high: 1, rows: true }, { margin: { left: 128, top: 22, right: 64 } });
      f.svg.append(text(2, 12, head, { class: "bold" }), text(W - 2, 12, "mean days", { "text-anchor": "end", class: "soft" }));
      const width = 0.7 * (f.px(1) - f.px(0));
      cases.forEach((one, i) => {
        const ground = f.at.top + (i + 1) * step - 4;
        f.svg.append(el("path", { class: "grid", d: `M${f.at.left} ${ground}H${W - f.at.right}` }));
        one.length.forEach((chance, day) => {
          const tall = chance * (step - 8);
          if (tall > 0.2) f.svg.append(rect(f.px(day) - width / 2, ground - tall, width, tall, day === one.modal_days ? "bar" : "area"));
        });
        f.svg.append(text(f.at.left - 6, ground - 6, one.case.replace(/^(without|only) /, ""), { "text-anchor": "end" }));
        f.svg.append(text(W - 2, ground - 6, one.mean_days.toFixed(2), { "text-anchor": "end" }));
      });
      return f.svg;
    };
    const only = found.cases.filter((one) => one.case.startsWith("only "));
    const rest = found.cases.filter((one) => !one.case.startsWith("only ") && one.case !== "baseline");
    const base = found.cases.find((one) => one.case === "baseline");
    const longest = rest.filter((one) => one.case !== "all off").reduce((a, b) => (b.mean_days > a.mean_days ? b : a));
    const shown = { ...base, case: "all on" };
    const drawn = [part([shown, ...rest], "one friction off:"), part([shown, ...only], "one friction alone:")];
    const head = ["case", "mean_days", "modal_days", "modal_probability", "mean_left", "modal_sequence"];
    const days = Array.from({ length: last + 1 }, (_, day) => `P(${day} days)`);
    const rows = found.cases.map((one) => [...head.map((name) => one[name]), ...days.map((_, day) => one.length[day] ?? 0)]);
    const gain = longest.mean_days - base.mean_days;
    return figure("decomposition", title,
      `Belief ${show(found.trust)} and a first block of ${found.block_days} days throughout, so rows differ by what happens after the deal. ${
        gain > 0 ? `Most days come back ${longest.case}: ${show(base.mean_days)} become ${show(longest.mean_days)}` : "No friction taken off alone lengthens the pause"
      }; with all off ${show(rest.find((one) => one.case === "all off").mean_days)}. The presets solve the negotiation anew instead.`,
      drawn, { head: [...head, ...days], rows });
  }

  function csv(table) {
    const cell = (v) => {
      const said = v === null || v === undefined ? "" : String(v);
      return /[",\n]/.test(said) ? `"${said.replaceAll('"', '""')}"` : said;
    };
    return [table.head, ...table.rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
  }

  // A figure as a file of its own: light colours and no style sheet.
  function file(svgs) {
    const kept = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "opacity"];
    const room = document.createElement("div");
    room.className = "light";
    room.hidden = false;
    document.body.append(room);
    const whole = el("svg", { xmlns: NAMESPACE });
    let y = 0;
    for (const svg of svgs) {
      const copy = svg.cloneNode(true);
      room.append(copy);
      for (const part of copy.querySelectorAll("*")) {
        const look = getComputedStyle(part);
        for (const name of kept) part.setAttribute(name, look.getPropertyValue(name));
        part.removeAttribute("class");
      }
      const [, , width, height] = copy.getAttribute("viewBox").split(" ").map(Number);
      copy.setAttribute("y", y);
      copy.setAttribute("width", width);
      copy.setAttribute("height", height);
      y += height + 8;
      whole.append(copy);
    }
    room.remove();
    whole.setAttribute("viewBox", `0 0 ${W} ${y}`);
    whole.setAttribute("width", W);
    whole.setAttribute("height", y);
    whole.prepend(el("rect", { width: W, height: y, fill: "#ffffff" }));
    return new XMLSerializer().serializeToString(whole);
  }

  return { length, held, ends, trust, windows, negotiation, proposition, extension, decomposition, csv, file, show };
})();
