import type { Severity } from '../../model/alert.js';
import type { Style } from './style.js';

/** Numbers, times and severities as people read them. */

export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s}s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m}m${two(s % 60)}s`;
  const h = Math.floor(m / 60);
  return h < 48 ? `${h}h${two(m % 60)}m` : `${Math.floor(h / 24)}d${two(h % 24)}h`;
}

export function bytes(count: number): string {
  const units = ['B', 'K', 'M', 'G', 'T'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}

export function percent(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}%`;
}

/** `~` for one's own home, `~ann` for somebody else's. */
export function shortPath(path: string, home: string | null, user: string): string {
  const under = (dir: string, name: string): string | null =>
    path === dir ? name : path.startsWith(`${dir}/`) ? name + path.slice(dir.length) : null;
  const own = home === null || home === '/' ? null : under(home, '~');
  return own ?? under(`/home/${user}`, `~${user}`) ?? path;
}

/** Local time, to the second. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '?';
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${dayTime(date)}:${two(date.getSeconds())}`;
}

/** `11-20 14:02`, local: short, and unmistakable within a year. */
export function shortTime(time_ms: number): string {
  const date = new Date(time_ms);
  return Number.isNaN(time_ms) ? '?' : `${monthDay(date)} ${dayTime(date)}`;
}

export function monthDay(date: Date): string {
  return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function dayTime(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** What makes `vigil status` and `vigil alerts` exit with 1 while it is open. */
export function isGrave(severity: Severity): boolean {
  return severity === 'high' || severity === 'critical';
}

export function severityStyles(severity: Severity): Style[] {
  if (severity === 'critical') return ['red', 'bold'];
  if (severity === 'high') return ['red'];
  return severity === 'warning' ? ['yellow'] : [];
}
