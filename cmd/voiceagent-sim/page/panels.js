import { element } from "./dom.js";
import { faultName } from "./faults.js";
import { answerBadge, fromOf, statusBadge, timeOf } from "./words.js";

// What is shown below a row that is open.

/** requestPanel shows all of a request. */
export function requestPanel({ row, key, path, idempotency_key, attempts, sent, answer, gone }) {
  return [
    ...goneNote(gone),
    facts([
      ["Request id", code(row.id)],
      ["Request", code(`${row.method} ${path}`)],
      ["Key", key ? code(key.replace("...", "…")) : "none"],
      ["Idempotency-Key", idempotency_key ? code(idempotency_key) : "none"],
      ["Attempts (derived)", list(attempts.map((attempt) => attemptLine(attempt, row)))],
    ]),
    ...body("Body of the request", sent),
    ...body("Answer", answer),
  ];
}

function attemptLine(attempt, row) {
  const which = attempt.id === row.id ? element("b", {}, "this one") : code(attempt.id);
  return [`${attempt.attempt}, ${timeOf(attempt)} `, answerBadge(attempt), ` ${faultName(attempt.fault)} `, which];
}

/** callPanel shows all of a call. */
export function callPanel({ row, rings, collected, score, values, transcript, record, gone }) {
  const pairs = Object.entries(values);
  return [
    ...goneNote(gone),
    facts([
      ["Call id", code(row.id)],
      ...(rings.length > 1 ? [[`Rang ${row.rang} times`, list(rings.map((ring) => ringLine(ring, row)))]] : []),
      ...(collected ? [["Collected", `${collected}, score ${score}`]] : []),
    ]),
    ...(pairs.length > 0 ? [heading("Collected values"), facts(pairs)] : []),
    heading("Transcript"),
    transcript.length > 0 ? facts(transcript.map(({ role, content, timestamp }) => [`${role} ${timestamp}`, content])) : note(row.over ? "Nobody talked." : "It comes when the call is over."),
    ...body("Record, as GET /calls/{call_id} answers it", record),
  ];
}

function ringLine(ring, row) {
  const which = ring.call_id === row.id ? element("b", {}, "this one") : code(ring.call_id);
  return [`${timeOf(ring)} ${fromOf(ring)}, attempt ${ring.attempt} `, statusBadge(ring.status), " ", which];
}

function goneNote(gone) {
  return gone ? [note("The simulator no longer has it: this is what it was.")] : [];
}

function facts(pairs) {
  return element("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function list(lines) {
  return element("ul", {}, ...lines.map((line) => element("li", {}, ...line)));
}

function body(title, { text, note: remark }) {
  const shown = text ? [element("pre", { tabindex: 0, "aria-label": title }, text)] : [];
  return [heading(title), ...(remark ? [note(remark)] : []), ...shown];
}

function heading(text) {
  return element("h3", {}, text);
}

function note(text) {
  return element("p", { class: "note" }, text);
}

function code(text) {
  return element("code", {}, text);
}
