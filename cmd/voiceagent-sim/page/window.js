import { badge, byId, element, picture, redraw } from "./dom.js";

// The answers that a bar counts, in the order of the numbers in it.
const classes = [
  ["good", "✓", "2xx"],
  ["refused", "!", "4xx"],
  ["warns", "▲", "429"],
  ["bad", "✕", "5xx"],
  ["lost", "○", "no answer"],
];

const width = 600;
const height = 100;

export function showKeys(state) {
  const keys = byId("keys");
  const now = Date.parse(state.server_time);
  keys.replaceChildren(...state.keys.map((key) => keyFigure(key, state.bar_ms, now)));
  if (state.keys.length === 0) keys.replaceChildren(element("p", { class: "note" }, "No request yet."));
  const counts = classes.map((_, i) => state.keys.reduce((sum, key) => sum + total(key.bars, i), 0));
  redraw("legend", counts, () => {
    byId("legend").replaceChildren(...classes.map(([look, symbol, name], i) => element("li", {}, badge(look, symbol, name), ` ${counts[i]}`)));
  });
}

function total(bars, i) {
  return (bars ?? []).reduce((sum, bar) => sum + bar[i], 0);
}

function keyFigure(key, barMS, now) {
  const name = key.key === "" ? "Without a key" : `Key ${key.key.replace("...", "…")}`;
  const figure = element("figure", {}, element("figcaption", {}, element("b", {}, name), ...windowText(key.window, now)));
  if (key.window) figure.append(gauge(key.window, now));
  if (key.bars) figure.append(barChart(key, barMS, name), axis(key.bars.length * barMS));
  return figure;
}

function windowText(window, now) {
  if (!window) return [element("span", { class: "note" }, "not limited")];
  const left = window.limit - window.used;
  return [
    element("span", { class: left === 0 ? "exhausted" : "" }, `${window.used} of ${window.limit} used, ${left === 0 ? "none" : left} left`),
    element("span", { class: "note" }, `resets in ${Math.max(Math.ceil((Date.parse(window.reset) - now) / 1000), 0)} s`),
  ];
}

/** gauge shows the requests that are used above the time that has passed. */
function gauge(window, now) {
  const used = window.used / window.limit;
  const start = Date.parse(window.start);
  const passed = Math.min(Math.max((now - start) / (Date.parse(window.reset) - start), 0), 1);
  return picture(
    "svg",
    { class: "gauge", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    picture("rect", { class: "left", width: 100, height: 7 }),
    picture("rect", { class: used >= 1 ? "used full" : "used", width: 100 * used, height: 7 }),
    picture("rect", { class: "left", y: 8.4, width: 100, height: 1.6 }),
    picture("rect", { class: "passed", y: 8.4, width: 100 * passed, height: 1.6 }),
  );
}

function barChart(key, barMS, name) {
  const sums = key.bars.map((bar) => bar.reduce((sum, n) => sum + n, 0));
  const top = Math.max(...sums, 4);
  const step = width / key.bars.length;
  const summary = classes.map(([, , label], i) => `${total(key.bars, i)} ${label}`).join(", ");
  const svg = picture(
    "svg",
    { class: "bars", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}: answers of the last ${span(key.bars.length * barMS)}: ${summary}` },
    ...windowLines(key, barMS),
  );
  key.bars.forEach((bar, n) => {
    if (sums[n] === 0) return;
    const column = picture("g", {}, picture("title", {}, classes.map(([, , label], i) => [label, bar[i]]).filter(([, count]) => count > 0).map(([label, count]) => `${count} × ${label}`).join(", ")));
    let y = height;
    bar.forEach((count, i) => {
      const tall = (count / top) * height;
      y -= tall;
      if (count > 0) column.append(picture("rect", { class: classes[i][0], x: n * step + step * 0.12, y, width: step * 0.76, height: tall }));
    });
    svg.append(column);
  });
  return element("div", { class: "chart" }, svg, element("span", { class: "scale note", title: "How many requests a bar of full height stands for" }, `${top} in ${span(barMS)}`));
}

/** windowLines shades the window that counts now and marks where the earlier ones began. */
function windowLines({ window, bars, end }, barMS) {
  if (!window) return [];
  const from = Date.parse(end) - bars.length * barMS;
  const x = (time) => ((time - from) / (bars.length * barMS)) * width;
  const start = Date.parse(window.start);
  const length = Date.parse(window.reset) - start;
  const marks = [picture("rect", { class: "now", x: x(start), y: 0, width: Math.max(width - x(start), 0), height })];
  for (let time = start; time > from; time -= length) {
    marks.push(picture("line", { class: "mark", x1: x(time), x2: x(time), y1: 0, y2: height }));
  }
  return marks;
}

function axis(ms) {
  return element("div", { class: "axis note", "aria-hidden": "true" }, element("span", {}, `${span(ms)} ago`), element("span", {}, "now"));
}

function span(ms) {
  const seconds = ms / 1000;
  if (seconds >= 120) return `${+(seconds / 60).toFixed(1)} min`;
  return `${+seconds.toFixed(1)} s`;
}
