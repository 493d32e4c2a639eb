import { byId, say } from "./dom.js";
import { setUpFaults, showFaults } from "./faults.js";
import { setUpLists, showCampaigns, showCounts, showTotals } from "./lists.js";
import { showKeys } from "./window.js";

const pollMS = 1000;
const retryMS = 2000;
const timeoutMS = 5000;

/** page is all that the page remembers: what the simulator said last, and which rows are open. */
const page = {
  state: undefined,
  open: { request: undefined, call: undefined }, // ids
  opened: { request: undefined, call: undefined }, // what the simulator last said of them
  held: "", // for which open rows the heights of the lists are held
  timer: undefined,
  asking: false,
  askAgain: false,
};

/** look asks for the state, shows it, and comes back later unless nobody sees the page. */
async function look() {
  clearTimeout(page.timer);
  if (page.asking) {
    page.askAgain = true;
    return;
  }
  page.asking = true;
  page.askAgain = false;
  const asked = { ...page.open };
  const state = await ask(asked);
  page.asking = false;
  if (document.hidden) {
    connection("paused", "Ⅱ Paused");
    return;
  }
  page.timer = setTimeout(look, page.askAgain ? 0 : state ? pollMS : retryMS);
  if (!state) {
    connection("gone", "✕ The simulator doesn't answer. Trying again.");
    return;
  }
  connection("live", "● Live");
  page.state = state;
  learn(asked, state.opened);
  show();
}

async function ask(open) {
  try {
    const query = new URLSearchParams(Object.entries(open).filter(([, id]) => id));
    const response = await fetch(`state?${query}`, { signal: AbortSignal.timeout(timeoutMS) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

function connection(look, text) {
  say("connection", text);
  byId("connection").className = look;
  byId("content").classList.toggle("stale", look === "gone");
}

/**
 * learn takes what the simulator said of open rows. What it has forgotten stays as it was; what it
 * never knew closes.
 */
function learn(asked, opened) {
  for (const kind of Object.keys(asked)) {
    if (asked[kind] !== page.open[kind]) continue; // a click was faster
    const known = page.opened[kind];
    page.opened[kind] = opened[kind] ?? (known && { ...known, gone: true });
    if (!page.opened[kind]) page.open[kind] = undefined;
  }
}

function toggle(kind, id) {
  page.open[kind] = page.open[kind] === id ? undefined : id;
  page.opened[kind] = undefined;
  show();
  look();
}

function show() {
  const { state } = page;
  showTotals(state);
  showKeys(state);
  showCampaigns(state);
  showFaults(state);
  showCounts(state);
  hold(() => {
    showList("request", state.requests);
    showList("call", state.calls);
  });
}

/** showList shows the latest, and the one that is open even when it is no longer among them. */
function showList(kind, latest) {
  const opened = page.opened[kind];
  const missing = opened && !latest.some(({ id }) => id === opened.row.id);
  lists[kind](missing ? [...latest, opened.row] : latest, page.open[kind], opened);
}

/**
 * hold keeps the heights of both lists while a row is open, so that new rows in one don't move the
 * other.
 */
function hold(draw) {
  const area = byId("lists");
  const now = Object.values(page.opened).map((opened) => opened?.row.id ?? "").join(" ").trim();
  const changed = page.held !== now;
  page.held = now;
  if (changed) area.style.gridTemplateRows = "";
  draw();
  const heights = getComputedStyle(area).gridTemplateRows.match(/[\d.]+(?=px)/g);
  if (changed && now && heights) area.style.gridTemplateRows = heights.map((height) => `minmax(0, ${height}fr)`).join(" ");
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    look();
    return;
  }
  clearTimeout(page.timer);
  connection("paused", "Ⅱ Paused");
});

say("base", new URL("/v1", location.href).href);
const lists = setUpLists(toggle);
setUpFaults(look);
look();
