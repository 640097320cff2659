/**
 * Secrets that are known by what they look like, wherever they stand. Every repetition is bounded or runs over
 * characters that cannot begin another match, so hostile text costs linear time.
 */

/** What an issuer puts in front of its keys: the rest is `[A-Za-z0-9_-]`, at least 8 of them unless said. */
const PREFIXES = [
  'sk-', // OpenAI, Anthropic (sk-ant-), OpenRouter (sk-or-), DeepSeek
  'sk_live_',
  'sk_test_',
  'rk_live_',
  'rk_test_',
  'pk_live_',
  'whsec_', // Stripe
  'ghp_',
  'gho_',
  'ghu_',
  'ghs_',
  'ghr_',
  'github_pat_',
  'glpat-',
  'gldt-',
  'glrt-',
  'glcbt-',
  'glptt-', // GitLab
  'xoxb-',
  'xoxp-',
  'xoxa-',
  'xoxr-',
  'xoxs-',
  'xoxe-',
  'xoxe\\.',
  'xoxd-',
  'xapp-', // Slack
  'npm_',
  'pypi-',
  'rubygems_',
  'crates_',
  'dckr_pat_',
  'dckr_oat_',
  'AIza', // Google
  'ya29\\.',
  'GOCSPX-',
  'hf_',
  'gsk_',
  'xai-',
  'pplx-',
  'r8_',
  'nvapi-',
  'tvly-',
  'fw_',
  'csk-', // model providers
  'dop_v1_',
  'doo_v1_', // DigitalOcean
  'tskey-',
  'hvs\\.',
  'hvb\\.', // Tailscale, Vault
  'shpat_',
  'shpss_',
  'shpca_',
  'lin_api_',
  'ntn_',
  'figd_',
  'phc_',
  'phx_',
  'glsa_',
  'glc_',
  'sntrys_',
  'sntryu_',
  'ATATT3',
  'ATCTT3',
  'PMAK-',
  'sbp_',
  'vercel_',
  'dp\\.pt\\.',
  'dp\\.st\\.',
  'pul-',
  'tk_', // ntfy
  'AGE-SECRET-KEY-1',
];

const SHAPES: readonly [RegExp, string][] = [
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----|$)/g,
    '[redacted private key]',
  ],
  // scheme://user:password@host, scheme://token@host; up to the last @ before a space or a quote.
  [/\b([A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/)(?:[^\s/'"@]*:[^\s'"]*|[^\s/'"@]+)@/g, '$1[redacted]@'],
  // Addresses that are themselves the secret.
  [/(hooks\.slack\.com\/)[^\s'"]+/gi, '$1[redacted]'],
  [/(discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/)[^\s'"]+/gi, '$1[redacted]'],
  [/(api\.telegram\.org\/bot)[^\s/'"]+/gi, '$1[redacted]'],
  // JWT, and JWE with its five parts.
  [/\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}/g, '[redacted]'],
  [/(authorization["']?\s{0,3}[:=]\s{0,3}["']?)(?:[A-Za-z]{1,20}\s{1,3})?[^\s"']+/gi, '$1[redacted]'],
  [/\b(bearer\s{1,3})[A-Za-z0-9._~+/=-]{6,}/gi, '$1[redacted]'],
  [
    new RegExp(`(?<![A-Za-z0-9])(?:${PREFIXES.join('|')})[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]+)*`, 'g'),
    '[redacted]',
  ],
  [/(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|LTAI)[A-Z0-9]{12,}/g, '[redacted]'],
  [/(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g, '[redacted]'],
  // Telegram bots: number, colon, 35 characters.
  [/(?<![A-Za-z0-9])\d{8,12}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g, '[redacted]'],
  // netrc
  [/(\blogin\s{1,3}\S{1,100}\s{1,3}password\s{1,3})\S+/g, '$1[redacted]'],
];

/** Replaces what looks like a secret by `[redacted]`. */
export function redactShapes(text: string): string {
  let out = text;
  for (const [shape, instead] of SHAPES) out = out.replace(shape, instead);
  return out.replace(/(?<![\w/.-])[A-Za-z0-9_+=-]{40,}(?![\w/])/g, run =>
    looksRandom(run) ? '[redacted]' : run,
  );
}

/** Upper case, lower case and digits, and as mixed as only chance or base64 makes it. */
export function looksRandom(text: string): boolean {
  return /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text) && entropy(text) >= 3.5;
}

/** Shannon's, in bits for each character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  const length = [...text].length;
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
}
