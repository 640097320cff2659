import { bytesText, durationText, percentText } from '../lib/text/amounts.js';

/** To one decimal; 0 of nothing. */
export function percent(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}

/** A figure whose name ends in its unit: `{rss_bytes: 5}` → `rss 5 bytes`. */
export function figure(name: string, value: number): string {
  const label = name.replace(/_(?:bytes_per_s|per_s|bytes|ms|s|percent)$/, '').replaceAll('_', ' ');
  return `${label} ${amount(name, value)}`;
}

function amount(name: string, value: number): string {
  if (name.endsWith('_bytes_per_s')) return `${bytesText(value)}/s`;
  if (name.endsWith('_bytes')) return bytesText(value);
  if (name.endsWith('_per_s')) return `${round(value)}/s`;
  if (name.endsWith('_ms')) return durationText(value);
  if (name.endsWith('_s')) return durationText(value * 1000);
  if (name.endsWith('_percent')) return percentText(value);
  return String(round(value));
}

function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}
