/** One window of the desktop, as its compositor names it. */
export interface DesktopWindow {
  /** sway and i3: con_id; Hyprland: the address. Always ≥ 1. */
  id: number;
  pid: number | null;
  /** Its X11 id, which X11 terminals hand to their shells as WINDOWID. */
  x11: number | null;
  title: string;
}

/** More windows than these are not known: who has so many is no person. */
export const MAX_WINDOWS = 2_000;
export const MAX_TITLE = 512;
/** What a compositor may tell in a second, titles of spinners and all; one that tells more is left alone for a while. */
export const MESSAGES_PER_S = 1_000;
export const MESSAGES_AT_ONCE = 5_000;

/** One that the compositor tells of in JSON, whatever it writes there. */
export function windowOf(id: number, { pid, title }: Readonly<Record<string, unknown>>): DesktopWindow {
  return {
    id,
    pid: typeof pid === 'number' && pid > 0 ? pid : null,
    x11: null,
    title: typeof title === 'string' ? title.slice(0, MAX_TITLE) : '',
  };
}

/** A connection to a compositor. It is kept up to date by what the compositor tells, never by polling. */
export interface Compositor {
  readonly name: 'sway' | 'i3' | 'hyprland' | 'niri';
  windows(): ReadonlyMap<number, DesktopWindow>;
  /** The window that has the keyboard; null: none has. */
  focused(): number | null;
  /** Shows the window, on whatever workspace it is. Rejects when the compositor refuses. */
  focus(window: number): Promise<void>;
  /** Starts a program as the person would; words of `LAUNCHABLE` characters only. Rejects when it refuses. */
  launch(command: readonly string[]): Promise<void>;
  close(): void;
}

export interface CompositorListener {
  /** Windows came or went, or another one has the focus. */
  changed(): void;
  /** The connection is over; called once, also after a failure to keep up. */
  closed(why: string): void;
}
