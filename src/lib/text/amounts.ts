/** Amounts in sentences: `2.1 GB`, `5 min`, `93 %`. */

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Of 1,024 each, as the tools of Linux count memory. */
export function bytesText(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : Number(value.toFixed(1))} ${UNITS[unit]}`;
}

/** The largest unit that is not misleading: `45 s`, `12 min`, `7.5 h`, `3 days`. */
export function durationText(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Number((s / 3600).toFixed(1))} h`;
  return `${Math.round(s / 86_400)} days`;
}

export function percentText(percent: number): string {
  return `${Math.abs(percent) < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** `1 process`, `14 processes` */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
