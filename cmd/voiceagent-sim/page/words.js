import { badge } from "./dom.js";

// How the page writes what the simulator says.

export const looks = {
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

export function statusBadge(status, ...more) {
  const [look, symbol] = looks[status] ?? ["bad", "?"];
  return badge(look, symbol, status.replaceAll("_", " "), ...more);
}

export function fromOf(call) {
  return call.campaign ?? "POST /call";
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function timeOf({ time }) {
  return clock.format(new Date(time));
}

export function answerBadge({ status, pending }) {
  if (pending) return badge("active", "…", "under way");
  if (status === 0) return badge("lost", "○", "no answer");
  if (status === 429) return badge("warns", "▲", status);
  if (status >= 500) return badge("bad", "✕", status);
  if (status >= 400) return badge("refused", "!", status);
  return badge("good", "✓", status);
}

export function took(ms) {
  if (ms < 0.1) return "<0.1 ms";
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
