/** Numbers as people read them. */

/** A whole number with separators. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** A large number in few characters: 950, 12.3k, 4.1M. */
export function brief(value: number): string {
  if (value < 1000) return String(value);
  const [size, unit] = value < 999_950 ? [1e3, "k"] : value < 999_950_000 ? [1e6, "M"] : [1e9, "G"];
  const scaled = value / size;
  return `${scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
}

/** US dollars, with as many digits as a cheap call needs. */
export function dollars(cost: number | null): string {
  if (cost === null) return "unknown";
  if (cost === 0) return "$0";
  return `$${cost.toFixed(cost < 0.01 ? 5 : cost < 1 ? 4 : 2)}`;
}

/** Milliseconds in the unit that suits them. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min ${Math.round(ms % 60_000 / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A share in percent; what is far more than the whole, as a multiple of it. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const share = 100 * part / whole;
  if (share >= 1000) return `${count(Math.round(part / whole))} ×`;
  return `${share > 0 && share < 0.1 ? "< 0.1" : share.toFixed(share < 10 ? 1 : 0)} %`;
}

/** "1 turn", "2 turns". */
export function plural(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}
