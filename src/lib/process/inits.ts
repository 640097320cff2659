/** Programs that are the first process of a machine or container, and take in whoever loses its parent there. */
const INIT =
  /^(systemd|init|tini(-static)?|docker-init|podman-init|dumb-init|catatonit|s6-svscan|runit|runsvdir|openrc-init|busybox)$/;

/** By the kernel's name of it: it made nobody but what it was told to run; all its other children lost their parent. */
export function isInit(comm: string): boolean {
  return INIT.test(comm);
}

/** Servers of terminal multiplexers: what runs in them was put there to stay. */
const MULTIPLEXER = /^(tmux(: server)?|screen|SCREEN|zellij|dtach|abduco|mosh-server)$/;

export function isMultiplexer(comm: string): boolean {
  return MULTIPLEXER.test(comm);
}

interface Parentage {
  pid: number;
  sid: number;
}

/** A child has its parent's session, or leads one of its own: this parent did not make it. */
export function isNotBornOf(child: Parentage, parent: Parentage): boolean {
  return child.sid !== child.pid && child.sid !== parent.sid && child.sid !== parent.pid;
}

/** Of programs that end processes when memory runs short, before the kernel has to. By name alone: anybody may take it. */
export function isOomDaemon(comm: string): boolean {
  return /^(earlyoom|systemd-oomd|nohang)$/.test(comm);
}
