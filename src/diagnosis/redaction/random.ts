import { REDACTED } from './named.js';
import { entropy } from './names.js';

/**
 * Secrets that are known by nothing but that they look like chance. Git's object names, digests, ids of
 * containers and the names of files look like it, too: they stay where what surrounds them says so.
 */
const RUN = /[A-Za-z0-9+/_-]{20,}={0,2}/g;

/** Changes between kinds of characters for each pair: chance has about 0.4, `camelCase2` about 0.15. */
const CHANCE = { mixed: 0.22, long: 0.2, lower: 0.3, upper: 0.2, slashed: 0.3, aws: 0.15 };

/** Ends the words in front of a digest, whatever it is written in: `sha256:`, `SHA256:`, `integrity="`. */
const IS_DIGEST = /(?:sha-?\d{0,3}|md5|blake\w{0,3}|digest|checksum|integrity|etag)[\])"'\s:=@/_-]{1,4}$/i;
/** In front of a name in hexadecimal digits: `"container_id": "`, `commit `, `--id `, `docker-`. */
const IS_ID =
  /(?:commit|tree|parent|object|revision|rev|ref|head|docker|crio|containerd|libpod|conmon|container|sandbox|image|layer|pod|invocation|(?:^|[^a-z])id|[_-]id|[a-z]Id|ID|uuid|guid|cgroup|scope|boot|machine|trace|span)[\])"'\s:=@/_-]{1,4}$/i;
/** Programs that speak of objects and containers by their names, in the same line. */
const GIT = /(?:^|[\s/"'(])git(?:[\s-]|$)|\bcommit\b|\bgithub\.com\b|\bgitlab\b|\bcherry-pick\b|\bHEAD\b/;
const CONTAINERS =
  /\b(?:docker|dockerd|podman|nerdctl|containerd|runc|crun|conmon|crictl|ctr|kubelet|buildkitd?|moby|cri-o)\b/;
const SUMS = /\b(?:sha\d{1,3}sum|md5sum|b2sum|b3sum|shasum)\b/;
/** In addresses: what follows names an object. */
const OBJECT_URL =
  /\/(?:commits?|tree|blobs?|raw|archive|compare|tarball|zipball|tar\.gz|zip|objects|layers|manifests)\//;
const FILE =
  /^\.(?:scope|service|slice|mount|socket|timer|device|target|log|jsonl?|lock|sock|pid|tmp|js|css|map|wasm|so|tar|gz|zip)\b/;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const HEX = /(?<![A-Za-z0-9])(?:0x)?(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?![A-Za-z0-9])/g;

interface Line {
  git: boolean;
  containers: boolean;
  sums: boolean;
}

interface Context extends Line {
  before: string;
  after: string;
  /** The address so far; null: it stands in none. */
  url: string | null;
}

/** So much of a line says what it is about, and so much in front of a run what that is. */
const LINE = 4_000;
const BEFORE = 300;

/** Replaces what looks random. */
export function redactRandom(text: string): string {
  return text.split('\n').map(redactLine).join('\n');
}

function redactLine(text: string): string {
  if (text.length < 20) return text;
  const about = text.slice(0, LINE);
  const line = { git: GIT.test(about), containers: CONTAINERS.test(about), sums: SUMS.test(about) };
  return text.replace(RUN, (run: string, at: number) => {
    const before = text.slice(Math.max(0, at - BEFORE), at);
    const after = text.slice(at + run.length, at + run.length + 12);
    const word = /[^\s"'`=]*$/.exec(before)?.[0] ?? '';
    const url = word.includes('://') || (word.endsWith(':') && run.startsWith('//')) ? word : null;
    const context = { ...line, before: before.slice(-40), after, url };
    return run.includes('/') ? redactSlashed(run, context) : redactRun(run, context);
  });
}

/** Base64 with slashes goes whole; of paths, only those of addresses can hold a secret. */
function redactSlashed(run: string, context: Context): string {
  const isLong = run.length >= 40 || /\+|=$/.test(run);
  const isBase64 = isLong && /^[A-Za-z0-9+/]{24,}={0,2}$/.test(run);
  if (isBase64 && isMixed(run) && !IS_DIGEST.test(context.before)) return REDACTED;
  if (context.url === null) return run;
  let url = context.url;
  return run
    .split('/')
    .map((part, index, parts) => {
      const after = index === parts.length - 1 ? context.after : '/';
      const out =
        part.length < 20 ? part : redactRun(part, { ...context, url: `${url}/`, before: '/', after });
      url = `${url}${part}/`;
      return out;
    })
    .join('/');
}

/** Secret keys of AWS have 40 characters: no path of just that length is so mixed. */
function isMixed(run: string): boolean {
  if (!hasAll(run)) return false;
  const rate = changes(run);
  return rate >= CHANCE.slashed || (run.length === 40 && rate >= CHANCE.aws && entropy(run) >= 4.4);
}

function redactRun(run: string, context: Context): string {
  if (IS_DIGEST.test(context.before) || /^sha\d{1,3}-/i.test(run) || FILE.test(context.after)) return run;
  const out = run.replace(HEX, (hex: string, at: number) =>
    isName(hex, run.slice(0, at), context) ? hex : REDACTED,
  );
  if (out !== run) return out;
  const rest = run.replace(UUID, '').replace(HEX, '');
  return rest.length >= 20 && looksRandom(rest) ? REDACTED : run;
}

/** Whether hexadecimal digits name something: a commit, a container, what a sum was taken of. */
function isName(hex: string, prefix: string, { git, containers, sums, before, url }: Context): boolean {
  if (!/[a-f]/i.test(hex) || !/\d/.test(hex)) return true;
  if (sums || IS_ID.test(before + prefix) || IS_DIGEST.test(before + prefix)) return true;
  if (url !== null && OBJECT_URL.test(url)) return true;
  if (hex.length === 40 && git) return true;
  return hex.length === 64 && containers && !before.endsWith('=');
}

/** As mixed as only chance, or base64, makes it. */
export function looksRandom(text: string): boolean {
  if (hasAll(text)) {
    const rate = changes(text);
    if (text.length >= 40) return rate >= CHANCE.long && entropy(text) >= 3.3;
    return text.length >= 24 && rate >= CHANCE.mixed && entropy(text) >= 3.3;
  }
  return text.split(/[^A-Za-z0-9]+/).some(part => {
    if (part.length < 24 || !/\d/.test(part) || !/[A-Za-z]/.test(part)) return false;
    if (/^[0-9a-f]+$/i.test(part)) return false; // as HEX judges it
    return changes(part) >= (/[a-z]/.test(part) ? CHANCE.lower : CHANCE.upper);
  });
}

function hasAll(text: string): boolean {
  return /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text);
}

/**
 * Changes between upper case, lower case and digits for each pair of neighbours. A capital that begins a word counts
 * half, and what follows it not at all: so names of classes are written.
 */
function changes(text: string): number {
  let pairs = 0;
  let sum = 0;
  let capitals = 0;
  for (let at = 0; at < text.length; at++) {
    const kind = kindOf(text.charCodeAt(at));
    const before = at === 0 ? 'other' : kindOf(text.charCodeAt(at - 1));
    if (kind !== 'other' && before !== 'other') {
      pairs++;
      if (kind !== before) {
        if (before === 'lower' && kind === 'upper') sum += 0.5;
        else if (before === 'upper' && kind === 'lower') sum += capitals > 1 ? 1 : 0;
        else sum += 1;
      }
    }
    capitals = kind === 'upper' ? capitals + 1 : 0;
  }
  return pairs === 0 ? 0 : sum / pairs;
}

function kindOf(code: number): 'upper' | 'lower' | 'digit' | 'other' {
  if (code >= 97 && code <= 122) return 'lower';
  if (code >= 65 && code <= 90) return 'upper';
  return code >= 48 && code <= 57 ? 'digit' : 'other';
}
