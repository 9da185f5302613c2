// Numbers as a person reads them. The same digits as hullwatch.cli.figures: a test compares them.

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const LONGEST_S = 4294967293;

export function power(exponent) {
  return exponent === 0 ? "" : `×10${[...String(exponent)].map((c) => SUPERSCRIPT[c]).join("")}`;
}

export function minus(text) {
  return text.replace("-", "−");
}

function scaled(value, half) {
  const exponent = Math.floor(Math.log10(Math.max(Math.abs(value), half)));
  const digits = Math.max(0, exponent - Math.floor(Math.log10(half)) + 1);
  return { exponent, digits, scale: 10 ** exponent };
}

// Nothing is not less than nothing.
function unsigned(text) {
  return Number(text) === 0 ? text.replace("-", "") : text;
}

// Two digits of the uncertainty decide all others; { text, exponent }.
export function withUncertainty(value, half) {
  if (half === null || half === undefined || !Number.isFinite(half)) {
    return minus(`${plain(value)} ± ?`);
  }
  if (half === 0) return minus(`${plain(value)} ± 0`);
  const { exponent, digits, scale } = scaled(value, half);
  if (exponent >= -2 && exponent < 4) {  // the same digits without a power
    const [v, h] = [value, half].map((x) => x.toFixed(Math.max(0, digits - exponent)));
    return minus(`${unsigned(v)} ± ${h}`);
  }
  const [v, h] = [value / scale, half / scale].map((x) => x.toFixed(digits));
  return minus(`(${unsigned(v)} ± ${h})`) + power(exponent);
}

export function plain(value) {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -2 && exponent < 5) return minus(String(Number(value.toPrecision(4))));
  return minus(String(Number((value / 10 ** exponent).toPrecision(3)))) + power(exponent);
}

export function length(seconds) {
  for (const [size, unit] of [[3600, "h"], [60, "min"]]) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  }
  return `${seconds} s`;
}

export function reference(kelvin) {
  return kelvin === null || kelvin === undefined ? "" : `at ${minus(String(Number((kelvin - 273.15).toFixed(2))))} °C`;
}

export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const parts = [[31557600, "y"], [86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  for (let k = 0; k < parts.length; k += 1) {
    const [size, unit] = parts[k];
    if (s >= size) {
      const next = parts[k + 1];
      const rest = next ? Math.floor((s % size) / next[0]) : 0;
      return `${Math.floor(s / size)} ${unit}${rest ? ` ${rest} ${next[1]}` : ""}`;
    }
  }
  return "0 s";
}

export function reserve(seconds) {
  if (seconds === null || seconds === undefined) return "not computed";
  if (seconds < 0) return "never";
  return seconds >= LONGEST_S ? "over 136 years" : duration(seconds);
}

export function percent(share) {
  if (share >= 0.9995) return "> 99.9 %";
  return `${(share * 100).toFixed(share < 0.1 || share > 0.99 ? 1 : 0)} %`;
}

export function pressure(pa) {
  return `${pa.toFixed(1)} Pa`;
}

export function celsius(kelvin) {
  return `${minus((kelvin - 273.15).toFixed(2))} °C`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n) => String(n).padStart(2, "0");

// 22 Nov 06:04:05, UTC.
export function moment(us, seconds = true) {
  if (us === null || us === undefined) return "time unknown";
  const d = new Date(us / 1000);
  const clock = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}${seconds ? `:${two(d.getUTCSeconds())}` : ""}`;
  return `${two(d.getUTCDate())} ${MONTHS[d.getUTCMonth()]} ${clock}`;
}

export function day(us) {
  return us === null || us === undefined ? "" : new Date(us / 1000).toISOString().slice(0, 10);
}

export function words(name) {
  return String(name).replaceAll("_", " ").toLowerCase();
}
