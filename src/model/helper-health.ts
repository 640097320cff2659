/** A user's helper: it shows badges, popups and the tray icon, and reads the agents' files. */
export interface HelperHealth {
  uid: number;
  user: string;
  pid: number | null;
  /** `hung`: it does not answer and is being ended. `unavailable`: it cannot be started at all. */
  state: 'running' | 'restarting' | 'hung' | 'unavailable';
  /** Why it does not run, in words for the operator; null while all is well. */
  problem: string | null;
  restarts: number;
  /** How often it was ended because it said too much. */
  floods: number;
  /** What it said beyond what is heard, and was left out. */
  dropped: number;
  rss_bytes: number;
  /** What it found of the user's desktop; null: it has not said yet. */
  desktop: {
    session_bus: boolean;
    compositor: 'sway' | 'i3' | 'hyprland' | 'niri' | null;
    /** Why it shows less than it could; null: nothing is missing. */
    note: string | null;
  } | null;
}
