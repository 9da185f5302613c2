// Elements from text and attributes only: what a node, a part or a person is called is never markup.

export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// Puts children in place of what was there, unless nothing would change: focus and selection stay.
export function put(parent, ...children) {
  const fresh = children.flat(Infinity).filter((child) => child !== null && child !== undefined);
  const holder = el("div", {}, fresh);
  if (parent.childNodes.length === holder.childNodes.length &&
      [...parent.childNodes].every((node, k) => node.isEqualNode(holder.childNodes[k]))) return;
  parent.replaceChildren(...holder.childNodes);
}

export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
