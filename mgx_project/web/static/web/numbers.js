// Times and amounts as people read them.

/** Seconds as `4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** How long ago, in its largest unit. */
export function age(moment, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(moment)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** USD: `$3`, `$0.50`, `$0.000045`; null is an unknown price. */
export function usd(amount) {
  if (amount === null || amount === undefined) return "cost unknown";
  const value = Number(amount);
  if (!Number.isFinite(value)) return String(amount);
  if (value === 0) return "$0";
  const fixed = value.toFixed(6).replace(/0+$/, "");
  const [whole, fraction = ""] = fixed.split(".");
  return fraction ? `$${whole}.${fraction.padEnd(2, "0")}` : `$${whole}`;
}

export const count = (number) => Number(number || 0).toLocaleString("en");

export const clock = (moment) => {
  const at = new Date(moment);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString("en-GB");
};
