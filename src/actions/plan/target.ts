/**
 * What an action names, read strictly. Names come from models and sockets: what is not exactly a number of
 * a process or the name of a service is nothing at all; nothing is trimmed, rounded or guessed.
 */

/** PID_MAX_LIMIT of 64-bit kernels, include/linux/threads.h. */
export const MAX_PID = 4_194_304;

/** A pid in plain ASCII digits, at least 2: 0 and negative numbers mean groups to kill(2), 1 is init. */
export function parsePid(text: string): number | null {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) return null;
  const pid = Number(text);
  return pid >= 2 && pid <= MAX_PID ? pid : null;
}

/** systemd.unit(5): at most 255 of these characters. Only services are ever restarted. */
const SERVICE = /^[A-Za-z0-9_@][A-Za-z0-9:_.\\@-]{0,246}\.service$/;

export function parseService(text: string): string | null {
  return text.length <= 255 && SERVICE.test(text) ? text : null;
}
