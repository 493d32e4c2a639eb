import { badge, byId, duration, element, redraw, say } from "./dom.js";
import { faultName } from "./faults.js";

const looks = {
  initiated: ["active", "·"],
  ringing: ["active", "♪"],
  in_progress: ["active", "▶"],
  pending: ["active", "·"],
  scheduled: ["quiet", "◷"],
  paused: ["warns", "Ⅱ"],
  completed: ["good", "✓"],
  no_answer: ["quiet", "○"],
  voicemail: ["quiet", "✉"],
  failed: ["bad", "✕"],
  stopped: ["bad", "■"],
  cancelled: ["quiet", "■"],
};

function statusBadge(status, ...more) {
  const [look, symbol] = looks[status] ?? ["bad", "?"];
  return badge(look, symbol, status.replaceAll("_", " "), ...more);
}

export function showTotals(state) {
  say("total-requests", state.received);
  say("total-throttled", state.throttled);
  say("total-faults", state.faulty);
  say("total-numbers", state.numbers);
  say("total-dialled", state.dialled === state.numbers ? "" : `in ${state.dialled} calls`);
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

function nothing(columns, text) {
  return element("tr", { class: "nothing" }, element("td", { colspan: columns }, text));
}

export function showCalls(state) {
  const total = Object.values(state.statuses).reduce((sum, n) => sum + n, 0);
  say("calls-count", ofAll(state.calls.length, total));
  redraw("calls", state.calls, () => {
    const rows = state.calls.map((call) =>
      element(
        "tr",
        {},
        cell(call.number.replace("...", "…")),
        element("td", { class: "name", title: call.agent }, call.agent),
        element("td", { class: "name", title: call.campaign }, call.campaign ?? "POST /call"),
        cell(statusBadge(call.status)),
        numberCell(duration(call.seconds)),
      ),
    );
    byId("calls").tBodies[0].replaceChildren(...(rows.length > 0 ? rows : [nothing(5, "No call yet.")]));
  });
}

export function showCampaigns(state) {
  say("campaigns-count", ofAll(state.campaigns.length, state.campaigned));
  redraw("campaigns", state.campaigns, () => {
    const table = byId("campaigns");
    for (const body of [...table.tBodies]) body.remove();
    const bodies = state.campaigns.map((campaign) => element("tbody", {}, campaignRow(campaign), element("tr", {}, progressCell(campaign))));
    table.append(...(bodies.length > 0 ? bodies : [element("tbody", {}, nothing(7, "No campaign yet."))]));
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

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function showRequests(state) {
  say("requests-count", ofAll(state.requests.length, state.received));
  redraw("requests", state.requests, () => {
    const rows = state.requests.map((request) =>
      element(
        "tr",
        {},
        cell(clock.format(new Date(request.time))),
        cell(element("b", {}, request.method), " ", request.route || "(no such endpoint)"),
        cell(answerBadge(request)),
        cell(faultName(request.fault)),
        numberCell(request.pending ? "" : took(request.ms)),
        element("td", { class: request.attempt > 1 ? "number again" : "number" }, request.attempt),
      ),
    );
    byId("requests").tBodies[0].replaceChildren(...(rows.length > 0 ? rows : [nothing(6, "No request yet. The program has printed how to point a client here.")]));
  });
}

function answerBadge({ status, pending }) {
  if (pending) return badge("active", "…", "under way");
  if (status === 0) return badge("lost", "○", "no answer");
  if (status === 429) return badge("warns", "▲", status);
  if (status >= 500) return badge("bad", "✕", status);
  if (status >= 400) return badge("refused", "!", status);
  return badge("good", "✓", status);
}

function took(ms) {
  if (ms < 0.1) return "<0.1 ms";
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
