import { badge, byId, duration, element, redraw, say } from "./dom.js";
import { faultName } from "./faults.js";
import { callPanel, requestPanel } from "./panels.js";
import { openable } from "./rows.js";
import { answerBadge, fromOf, looks, statusBadge, timeOf, took } from "./words.js";

export function showTotals(state) {
  say("total-requests", state.received);
  say("total-throttled", state.throttled);
  say("total-faults", state.faulty);
  say("total-numbers", state.numbers);
  say("total-dialled", state.dialled === state.numbers ? "" : `in ${state.dialled} calls`);
  say("total-repeated", state.repeated === 0 ? "" : `▲ ${state.repeated} more than once`);
  redraw("statuses", state.statuses, () => {
    const known = Object.keys(looks).filter((status) => status in state.statuses);
    const others = Object.keys(state.statuses).filter((status) => !(status in looks));
    const badges = [...known, ...others].map((status) => statusBadge(status, " ", element("b", {}, state.statuses[status])));
    byId("statuses").replaceChildren(...(badges.length > 0 ? badges : ["none yet"]));
  });
}

function ofAll(shown, all) {
  return shown < all ? `the latest ${shown} of ${all}` : "";
}

function cell(...children) {
  return element("td", {}, ...children);
}

function numberCell(...children) {
  return element("td", { class: "number" }, ...children);
}

/** rangBadge marks a number that was dialled more than once. */
function rangBadge({ rang, repeated }) {
  if (rang < 2) return [];
  const mark = repeated ? badge("warns", "▲", `rang ${rang}×`) : badge("quiet", "↻", `rang ${rang}×`);
  mark.title = repeated ? "Not because a campaign's retry_config asked for it" : "A campaign's retry_config asked for it";
  return [" ", mark];
}

function callCells(call) {
  return [
    cell(call.number.replace("...", "…"), ...rangBadge(call)),
    element("td", { class: "name", title: call.agent }, call.agent),
    element("td", { class: "name", title: call.campaign }, fromOf(call)),
    cell(statusBadge(call.status)),
    numberCell(duration(call.seconds)),
  ];
}

function requestCells(request) {
  return [
    cell(timeOf(request)),
    cell(element("b", {}, request.method), " ", request.route || "(no such endpoint)"),
    cell(answerBadge(request)),
    cell(faultName(request.fault)),
    numberCell(request.pending ? "" : took(request.ms)),
    element("td", { class: request.attempt > 1 ? "number again" : "number" }, request.attempt),
  ];
}

/**
 * setUpLists makes the rows of requests and calls open. Each of the two functions that it returns
 * shows a list, and what is open in it.
 */
export function setUpLists(toggle) {
  return {
    request: openable("requests", {
      cells: requestCells,
      panel: requestPanel,
      nothing: "No request yet. The program has printed how to point a client here.",
      toggle: (id) => toggle("request", id),
    }),
    call: openable("calls", { cells: callCells, panel: callPanel, nothing: "No call yet.", toggle: (id) => toggle("call", id) }),
  };
}

export function showCounts(state) {
  const calls = Object.values(state.statuses).reduce((sum, n) => sum + n, 0);
  say("calls-count", ofAll(state.calls.length, calls));
  say("requests-count", ofAll(state.requests.length, state.received));
}

export function showCampaigns(state) {
  say("campaigns-count", ofAll(state.campaigns.length, state.campaigned));
  redraw("campaigns", state.campaigns, () => {
    const table = byId("campaigns");
    for (const body of [...table.tBodies]) body.remove();
    const bodies = state.campaigns.map((campaign) => element("tbody", {}, campaignRow(campaign), element("tr", {}, progressCell(campaign))));
    table.append(...(bodies.length > 0 ? bodies : [element("tbody", {}, element("tr", { class: "nothing" }, element("td", { colspan: 7 }, "No campaign yet.")))]));
  });
}

function campaignRow(campaign) {
  return element(
    "tr",
    {},
    element("th", { scope: "row", class: "name", title: campaign.name }, campaign.name),
    cell(statusBadge(campaign.status)),
    ...[campaign.total, campaign.completed, campaign.no_answer, campaign.voicemail, campaign.failed].map((n) => numberCell(n)),
  );
}

function progressCell(campaign) {
  const parts = [
    ["good", campaign.completed],
    ["quiet", campaign.no_answer + campaign.voicemail],
    ["bad", campaign.failed + campaign.skipped],
    ["active", campaign.active],
  ];
  const finished = parts.slice(0, 3).reduce((sum, [, n]) => sum + n, 0);
  const bar = element("div", {
    class: "progress",
    role: "progressbar",
    "aria-label": `${campaign.name}: contacts finished`,
    "aria-valuemin": 0,
    "aria-valuemax": campaign.total,
    "aria-valuenow": finished,
  });
  for (const [look, n] of parts) {
    const part = element("span", { class: look });
    part.style.width = `${(100 * n) / campaign.total}%`;
    bar.append(part);
  }
  const text = `${finished} of ${campaign.total} finished` + (campaign.active > 0 ? `, ${campaign.active} on the phone` : "");
  return element("td", { colspan: 7, class: "progress-cell" }, bar, element("span", { class: "note" }, text));
}
