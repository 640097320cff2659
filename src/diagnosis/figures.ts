/** Numbers for sentences. */

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || Math.abs(value) >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return `${s} s`;
  const m = Math.round(s / 60);
  if (m < 120) return `${m} min`;
  const h = Math.round(m / 60);
  return h < 48 ? `${h} h` : `${Math.round(h / 24)} days`;
}

export function percent(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}

/** A figure whose name ends in its unit, e.g. `rss_bytes`, `quiet_ms`, `used_percent`. */
export function figure(name: string, value: number): string {
  const label = name.replace(/_(?:bytes|ms|s|percent|per_s|bytes_per_s)$/, '').replaceAll('_', ' ');
  return `${label} ${amount(name, value)}`;
}

function amount(name: string, value: number): string {
  if (name.endsWith('_bytes_per_s')) return `${bytes(value)}/s`;
  if (name.endsWith('_bytes')) return bytes(value);
  if (name.endsWith('_per_s')) return `${round(value)}/s`;
  if (name.endsWith('_ms')) return duration(value);
  if (name.endsWith('_s')) return duration(value * 1000);
  if (name.endsWith('_percent')) return `${round(value)} %`;
  return String(round(value));
}

function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}
