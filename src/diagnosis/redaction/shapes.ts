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
  'ops_eyJ', // 1Password
  'sq0csp-',
  'sq0atp-',
  'shppa_',
  'rnd_',
  'fio-u-',
  'lsv2_pt_',
  'lsv2_sk_',
  'xkeysib-',
  'NRAK-',
  'CFPAT-',
  'hcp\\.',
  'atlasv1\\.',
  'gpat_',
];

const SHAPES: readonly [RegExp, string][] = [
  [
    /-----BEGIN[A-Z0-9 +%]{0,60}PRIVATE(?: |%20|\+)KEY[A-Z %0-9+]{0,20}-----[\s\S]*?(?:-----END[A-Z0-9 +%]{0,60}PRIVATE(?: |%20|\+)KEY[A-Z %0-9+]{0,20}-----|$)/g,
    '[redacted private key]',
  ],
  [/(PuTTY-User-Key-File-\d:)[\s\S]*?(?:Private-MAC: ?\w*|$)/g, '$1 [redacted private key]'],
  // Addresses that are themselves the secret.
  [/(hooks\.slack\.com\/)[^\s'"]+/gi, '$1[redacted]'],
  [/(discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/)[^\s'"]+/gi, '$1[redacted]'],
  [/(api\.telegram\.org\/bot)[^\s/'"]+/gi, '$1[redacted]'],
  [
    /((?:webhook\.office\.com|outlook\.office\.com|hooks\.zapier\.com|maker\.ifttt\.com|hc-ping\.com)\/)[^\s'"]+/gi,
    '$1[redacted]',
  ],
  // What streams are published with: rtmp://host/application/KEY
  [/\b(rtmp[a-z]{0,3}:\/\/[^\s/'"]{1,200}\/[^\s/'"]{1,100}\/)[^\s'"]+/gi, '$1[redacted]'],
  [/(?<![A-Za-z0-9])live_\d{4,}_[A-Za-z0-9]{8,}/g, '[redacted]'],
  // JWT, and JWE with its five parts.
  [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}/g, '[redacted]'],
  [
    /(auth(?:orization)?\\{0,31}["']?\s{0,3}[:=]\s{0,3}\\{0,31}["']?)(?:digest|oauth|signature|hawk|aws4-hmac-sha256)\s{1,3}(?:[^\s,]+,\s{0,3})*[^\s,\\"']+["']?/gi,
    '$1[redacted]',
  ],
  [
    /(authorization\\{0,31}["']?\s{0,3}[:=]\s{0,3}\\{0,31}["']?)(?:[A-Za-z]{1,20}\s{1,3})?[^\s"'\\]+/gi,
    '$1[redacted]',
  ],
  [
    /(cookie2?\\{0,31}["']?\s{0,3}:\s{0,3}\\{0,31}["']?)[^\s"'\\;]+(?:;\s{0,3}[^\s"'\\;=]{1,100}=[^\s"'\\;]*)*/gi,
    '$1[redacted]',
  ],
  [/\b(bearer\s{1,3})(?=[A-Za-z0-9])[A-Za-z0-9._~+/=-]{6,}/gi, '$1[redacted]'],
  [/\b(basic\s{1,3})(?=[A-Za-z+/]{0,200}[\d=])[A-Za-z0-9+/]{6,}={0,2}(?![\w-])/gi, '$1[redacted]'],
  [
    new RegExp(`(?<![A-Za-z0-9])(?:${PREFIXES.join('|')})[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]+)*`, 'g'),
    '[redacted]',
  ],
  [/(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|LTAI)[A-Z0-9]{12,}/g, '[redacted]'],
  [/(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g, '[redacted]'],
  [/(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?:-\d)?/g, '[redacted]'],
  [/(?<![A-Za-z0-9])key-[0-9a-z]{32}(?![A-Za-z0-9])/g, '[redacted]'],
  // Bots of Discord and Telegram.
  [/(?<![A-Za-z0-9])[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}/g, '[redacted]'],
  [/(?<![A-Za-z0-9])\d{8,12}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g, '[redacted]'],
  // crypt(3): $6$salt$hash, $2b$12$…, $argon2id$v=19$…, apr1
  [/\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2\w{1,2}|scrypt|pbkdf2[\w-]{0,20})\$[^\s'":]{8,}/g, '[redacted]'],
  // netrc, expect, SQL
  [/(\blogin\s{1,3}\S{1,100}\s{1,3}password\s{1,3})\S+/g, '$1[redacted]'],
  [
    /(\bidentified\s{1,3}(?:with\s{1,3}\S{1,40}\s{1,3})?(?:by|as)\s{1,3}(?:password\s{1,3})?\\{0,31})(?:'[^']*'?|"[^"]*"?|[^\s;]+)/gi,
    '$1[redacted]',
  ],
];

/** Replaces what looks like a secret by `[redacted]`. */
export function redactShapes(text: string): string {
  let out = text;
  for (const [shape, instead] of SHAPES) out = out.replace(shape, instead);
  return out;
}
