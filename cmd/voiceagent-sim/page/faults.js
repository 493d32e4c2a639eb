import { byId, element, redraw, say } from "./dom.js";

/** setUpFaults makes the buttons work. changed is called when the simulator has taken a fault or cleared them. */
export function setUpFaults(changed) {
  for (const button of document.querySelectorAll("button[data-fault]")) {
    button.addEventListener("click", () => add({ fault: button.dataset.fault }, changed));
  }
  byId("share-form").addEventListener("submit", (event) => {
    event.preventDefault();
    add({ fault: ":503x*", share: byId("share").valueAsNumber / 100 }, changed);
  });
  byId("fault-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = byId("fault");
    const added = await add({ fault: field.value.trim() }, changed);
    field.setAttribute("aria-invalid", String(!added));
    if (added) field.value = "";
  });
  byId("clear").addEventListener("click", async () => {
    const answer = await send("DELETE");
    if (answer) tell(answer.cleared === 0 ? "There was nothing to clear." : `Cleared ${answer.cleared}.`);
    changed();
  });
}

async function add(wish, changed) {
  const answer = await send("POST", wish);
  if (answer) tell(`Added: ${describe(answer.added)}.`);
  changed();
  return answer !== undefined;
}

/** send returns the simulator's answer, or says what is wrong and returns nothing. */
async function send(method, body) {
  let problem;
  try {
    const response = await fetch("faults", {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    problem = answer.error;
  } catch {
    problem = "The simulator doesn't answer.";
  }
  tell(problem, true);
  return undefined;
}

function tell(text, wrong = false) {
  say("fault-result", wrong ? `✕ ${text}` : text);
  byId("fault-result").classList.toggle("wrong", wrong);
}

function describe(fault) {
  const which = `${fault.method} ${fault.route}`.trim() || "any request";
  const share = fault.share > 0 ? ` for ${+(100 * fault.share).toFixed(1)} %` : "";
  return `${which}: ${fault.status > 0 ? `${fault.status} ` : ""}${faultName(fault.kind)}${share}, ${times(fault.times)}`;
}

/** faultName is the name of a kind, as -fail has it, or says when there is a status in place of the answer. */
export function faultName(kind) {
  if (kind === "status") return "before work";
  return kind === "status-after" ? "after work" : kind;
}

function times(n) {
  if (n < 0) return "until cleared";
  return n === 1 ? "once" : `${n} times`;
}

export function showFaults(state) {
  byId("clear").disabled = state.in_force === 0;
  say("faults-count", state.in_force > state.faults.length ? `the first ${state.faults.length} of ${state.in_force}` : "");
  redraw("faults", state.faults, () => {
    const items = state.faults.map((fault) => element("li", {}, describe(fault)));
    byId("faults").replaceChildren(...(items.length > 0 ? items : [element("li", { class: "nothing" }, "None: requests are answered as they should be.")]));
  });
}
