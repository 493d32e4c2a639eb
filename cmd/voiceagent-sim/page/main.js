import { byId, say } from "./dom.js";
import { setUpFaults, showFaults } from "./faults.js";
import { showCalls, showCampaigns, showRequests, showTotals } from "./lists.js";
import { showKeys } from "./window.js";

const pollMS = 1000;
const retryMS = 2000;
const timeoutMS = 5000;

let timer;
let asking = false;
let askAgain = false;

/** look asks for the state, shows it, and comes back later unless nobody sees the page. */
async function look() {
  clearTimeout(timer);
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  askAgain = false;
  const state = await ask();
  asking = false;
  if (document.hidden) {
    connection("paused", "Ⅱ Paused");
    return;
  }
  timer = setTimeout(look, askAgain ? 0 : state ? pollMS : retryMS);
  if (!state) {
    connection("gone", "✕ The simulator doesn't answer. Trying again.");
    return;
  }
  connection("live", "● Live");
  show(state);
}

async function ask() {
  try {
    const response = await fetch("state", { signal: AbortSignal.timeout(timeoutMS) });
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

function show(state) {
  showTotals(state);
  showKeys(state);
  showRequests(state);
  showCampaigns(state);
  showFaults(state);
  showCalls(state);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    look();
    return;
  }
  clearTimeout(timer);
  connection("paused", "Ⅱ Paused");
});

say("base", new URL("/v1", location.href).href);
setUpFaults(look);
look();
