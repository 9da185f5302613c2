// Questions and orders. An order carries the token as a header; it is asked for when it is missing.

const ROOT = "/api/v1";
const KEY = "hullwatch-token";
const NAME = "hullwatch-name";

export class Failure extends Error {
  constructor(status, message, hint) {
    super(message);
    this.status = status;
    this.hint = hint || "";
  }
  get line() {
    return this.hint ? `${this.message} (${this.hint})` : this.message;
  }
}

async function answered(response) {
  let body = {};
  try { body = await response.json(); } catch { /* told below by its status */ }
  if (!response.ok) throw new Failure(response.status, body.error || `the server answered ${response.status}`, body.hint);
  return body;
}

export async function ask(path, query = {}, signal = undefined) {
  const text = new URLSearchParams(query).toString();
  let response;
  try {
    response = await fetch(`${ROOT}/${path}${text ? `?${text}` : ""}`, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, "the server cannot be reached");
  }
  return answered(response);
}

export async function order(path, values = {}) {
  let response;
  try {
    response = await fetch(`${ROOT}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token()}` },
      body: JSON.stringify(values),
    });
  } catch {
    throw new Failure(0, "the server cannot be reached");
  }
  if (response.status === 401) forget();
  return answered(response);
}

export function token() {
  return sessionStorage.getItem(KEY) || "";
}

export function person() {
  return localStorage.getItem(NAME) || "";
}

export function remember(value, name) {
  sessionStorage.setItem(KEY, value);
  localStorage.setItem(NAME, name);
  document.dispatchEvent(new Event("token"));
}

export function forget() {
  sessionStorage.removeItem(KEY);
  document.dispatchEvent(new Event("token"));
}

export const nodePath = (node, rest) => `nodes/${encodeURIComponent(node)}/${rest}`;

// The address of a file: of a test by its record, or of a span.
export function reportOf(node, query) {
  return `${ROOT}/${nodePath(node, "report")}?${new URLSearchParams(query)}`;
}
