// Text comes into the page only here, as text nodes: a name from a request can't become HTML.

/** element makes an element with attributes and children, which are strings or elements. */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** picture is the same for SVG. */
export function picture(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

/** byId returns an element of index.html. */
export function byId(id) {
  return document.getElementById(id);
}

/** say puts a text into an element of index.html. */
export function say(id, text) {
  const node = byId(id);
  if (node.textContent !== String(text)) node.textContent = text;
}

const drawn = new Map();

/** redraw calls draw when data isn't what it was the last time, so that what a user has selected stays as it is. */
export function redraw(what, data, draw) {
  const now = JSON.stringify(data);
  if (drawn.get(what) === now) return;
  drawn.set(what, now);
  draw();
}

/** badge shows a state as a symbol and a word, besides its colour. */
export function badge(look, symbol, ...text) {
  return element("span", { class: `badge ${look}` }, element("span", { class: "symbol", "aria-hidden": "true" }, symbol), ...text);
}

/** duration writes seconds as people say them. */
export function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}
