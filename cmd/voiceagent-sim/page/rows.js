import { byId, element } from "./dom.js";

/**
 * openable prepares a table whose rows open. The first cell of a row has a button for that; a click
 * anywhere in the row does the same, and toggle is called with the id of the item. What openable
 * returns shows items, and below the open one what panel makes of its detail.
 */
export function openable(id, { cells, panel: panelOf, nothing, toggle }) {
  const body = byId(id).tBodies[0];
  const scroller = body.closest(".scrolls");
  const columns = byId(id).tHead.rows[0].cells.length;
  const rows = new Map(); // by the id of the item: {row, shown}
  const panel = element("div", { id: `${id}-open` });
  const detailRow = element("tr", { class: "detail" }, element("td", { colspan: columns }, panel));
  const empty = element("tr", { class: "nothing" }, element("td", { colspan: columns }, nothing));
  const shown = { id: undefined, detail: undefined }; // what the panel shows

  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr.opens");
    if (!row || (event.detail > 0 && selectsIn(row))) return; // detail is 0 when a key was pressed
    row.querySelector("button").focus({ preventScroll: true });
    toggle(row.dataset.id);
  });
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(".opens button")) return;
    event.preventDefault();
    const all = buttons();
    all[all.indexOf(event.target) + step]?.focus();
  });
  body.addEventListener("focusin", (event) => {
    if (event.target.matches(".opens button")) buttons().forEach((button) => (button.tabIndex = button === event.target ? 0 : -1));
  });

  function buttons() {
    return [...body.querySelectorAll(".opens button")];
  }

  /** rowOf returns the row of an item, the same each time: focus and selection survive. */
  function rowOf(item) {
    let known = rows.get(item.id);
    if (!known) {
      const button = element("button", { type: "button", tabindex: -1, "aria-expanded": false });
      known = { row: element("tr", { class: "opens", "data-id": item.id }, element("td", {}, button)) };
      rows.set(item.id, known);
    }
    const now = JSON.stringify(item);
    if (known.shown === now) return known.row;
    known.shown = now;
    const [first, ...others] = cells(item);
    known.row.cells[0].firstChild.replaceChildren(...first.childNodes);
    [...known.row.cells].slice(1).forEach((cell) => cell.remove());
    known.row.append(...others);
    return known.row;
  }

  /** showDetail fills the panel, and reports whether it had nothing of this row before. */
  function showDetail(openId, detail) {
    const now = JSON.stringify(detail);
    if (shown.id === openId && shown.detail === now) return false;
    const opens = shown.id !== openId || shown.detail === undefined;
    Object.assign(shown, { id: openId, detail: now });
    panel.replaceChildren(...(detail ? panelOf(detail) : [element("p", { class: "note" }, "Loading")]));
    return opens;
  }

  /** keep returns a function that brings the row which a user looks at back to where it is now. */
  function keep() {
    const offset = (row) => row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    const looked =
      buttons().find((button) => button === document.activeElement)?.closest("tr") ??
      (detailRow.isConnected ? detailRow.previousSibling : undefined) ??
      (scroller.scrollTop > 0 ? [...body.rows].find((row) => offset(row) >= 0) : undefined);
    if (!looked) return () => {};
    const before = offset(looked);
    return () => {
      if (looked.isConnected) scroller.scrollTop += offset(looked) - before;
    };
  }

  /** reveal scrolls until the row and as much as can be of its panel are in view. */
  function reveal(row) {
    const view = scroller.getBoundingClientRect();
    const above = row.getBoundingClientRect().top - view.top - byId(id).tHead.offsetHeight;
    scroller.scrollTop += Math.min(Math.max(detailRow.getBoundingClientRect().bottom - view.bottom, 0), above);
  }

  return (items, openId, detail) => {
    const restore = keep();
    const wanted = items.map(rowOf);
    for (const [itemId, { row }] of rows) if (!wanted.includes(row)) rows.delete(itemId);
    const open = rows.get(openId)?.row;
    for (const { row } of rows.values()) {
      const button = row.cells[0].firstChild;
      button.setAttribute("aria-expanded", row === open);
      if (row === open) button.setAttribute("aria-controls", panel.id);
      else button.removeAttribute("aria-controls");
    }
    scroller.classList.toggle("open", open !== undefined);
    const opens = open && showDetail(openId, detail);
    if (open) wanted.splice(wanted.indexOf(open) + 1, 0, detailRow);
    else shown.id = undefined;
    place(body, wanted.length > 0 ? wanted : [empty]);
    if (!buttons().some((button) => button.tabIndex === 0) && wanted.length > 0) buttons()[0].tabIndex = 0;
    restore();
    if (opens) reveal(open);
  };
}

/** place makes nodes the children of parent, and touches none that is in its place. */
function place(parent, nodes) {
  for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, i) => {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
}

/** selectsIn reports whether text in a node is selected, which ends with a click, too. */
function selectsIn(node) {
  const selection = getSelection();
  return !selection.isCollapsed && node.contains(selection.anchorNode);
}
