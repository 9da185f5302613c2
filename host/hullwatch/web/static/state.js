// What the server has told so far, and who wants to know.

export const known = {
  nodes: new Map(), owners: {}, alarms: [], offsetMs: 0, loaded: false,
};
const listeners = new Set();

export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tell(kind, data, nowUs) {
  known.offsetMs = nowUs / 1000 - Date.now();
  if (kind.startsWith("node ")) known.nodes.set(data.node, data);
  else if (kind === "owners") known.owners = data || {};
  else if (kind === "alarms") known.alarms = data || [];
  else if (kind === "looked") known.loaded = true;
  else if (kind === "complete" && data.includes("looked")) {
    const present = new Set(data.filter((k) => k.startsWith("node ")).map((k) => k.slice(5)));
    for (const node of known.nodes.keys()) if (!present.has(node)) known.nodes.delete(node);
  }
  for (const listener of [...listeners]) listener(kind, data);
}

// The server's clock, which is the bench's in virtual time; ms.
export function nowMs() {
  return Date.now() + known.offsetMs;
}

export function title(node) {
  const named = node.name && node.name !== "chamber";
  const twins = [...known.nodes.values()].filter((other) => other.name === node.name).length > 1;
  const name = node.name || "chamber";
  return named && !twins ? name : `${name} ${node.node.slice(-4)}`;
}
