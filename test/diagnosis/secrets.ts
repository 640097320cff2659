/**
 * Secrets that were never anybody's, in the places where real ones stand. Joined from halves, so that scanners
 * for leaked keys stay quiet about this file.
 */
export interface Planted {
  kind: string;
  /** Must not be found anywhere afterwards. */
  secret: string;
  /** A command line or a line of a log that has it. */
  text: string;
}

const random = 'q7Zp2Lk9Xw4Vn8Bt3Rc6Ym1Hd5Fs0Gj';

function planted(kind: string, secret: string, text: (secret: string) => string): Planted {
  return { kind, secret, text: text(secret) };
}

export const PLANTED: readonly Planted[] = [
  planted('option with =', `hunter2-${random}`, s => `node server.js --token=${s} --port 80`),
  planted('option with a space', 'correct-horse-battery', s => `psql --password ${s} -h db`),
  planted('mysql -p', 'sw0rdfish', s => `mysqldump -u root -p${s} shop`),
  planted('sshpass -p', 'plainword', s => `sshpass -p ${s} ssh host`),
  planted('variable', 'n0tsosecret', s => `env DB_PASSWORD=${s} npm start`),
  planted('AWS secret key', `wJalrXUtnFEMI/K7MDENG/${random}`, s => `AWS_SECRET_ACCESS_KEY=${s} aws s3 ls`),
  planted('AWS key id', `AKIA${'IOSFODNN7EXAMPLE'}`, s => `deploy --id ${s}`),
  planted('URL with password', 'p4ss@w0rd', s => `worker postgres://shop:${s}@db:5432/shop`),
  planted('URL with token', 'tok3nuser9', s => `git clone https://${s}@example.org/a.git`),
  planted('URL query', 'querysecret1', s => `curl https://example.org/x?api_key=${s}&page=2`),
  planted('bearer', `abc.${random}`, s => `curl -H Authorization: Bearer ${s} https://example.org`),
  planted('basic', 'dXNlcjpwYXNzd29yZA==', s => `curl -H "Authorization: Basic ${s}" https://example.org`),
  planted('x-api-key header', 'headerkey-123', s => `curl -H "x-api-key: ${s}" https://example.org`),
  planted('curl -u', 'curlpass', s => `curl -u ann:${s} https://example.org`),
  planted('Anthropic', `sk-ant-${'api03-'}${random}`, s => `claude ${s}`),
  planted('OpenAI', `sk-${'proj-'}${random}`, s => `python app.py ${s}`),
  planted('GitHub', `ghp_${random}Ab12`, s => `gh ${s}`),
  planted('GitHub, fine-grained', `github_pat_${'11ABCDE0'}_${random}`, s => `remote ${s}`),
  planted('GitLab', `glpat-${random.slice(0, 20)}`, s => `runner ${s}`),
  planted('Slack', `xoxb-${'123456789012'}-${random}`, s => `bot ${s}`),
  planted('npm', `npm_${random}Ab12`, s => `npm config set //registry.npmjs.org/:_authToken ${s}`),
  planted('Google', `AIza${'SyA'}-${random}`, s => `maps ${s}`),
  planted('Hugging Face', `hf_${random}`, s => `hf download ${s}`),
  planted('Groq', `gsk_${random}`, s => `chat ${s}`),
  planted('Stripe', `sk_${'live'}_${random}`, s => `stripe ${s}`),
  planted('SendGrid', `SG.${random.slice(0, 22)}.${random}`, s => `mailer ${s}`),
  planted('JWT', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${random}`, s => `login failed for ${s}`),
  planted(
    'private key',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
    s => `x -----BEGIN PRIVATE KEY-----\n${s}\n-----END PRIVATE KEY----- y`,
  ),
  planted(
    'cut private key',
    'MIIBcut0ADANBgkqhkiG9w0BAQEFAASC',
    s => `x -----BEGIN RSA PRIVATE KEY-----\n${s}`,
  ),
  planted('JSON field', 'jsonvalue 7', s => `node -e {"client_secret": "${s}"}`),
  planted('Slack webhook', `T0/B0/${random}`, s => `notify https://hooks.slack.com/services/${s}`),
  planted('Discord webhook', `123/${random}`, s => `notify https://discord.com/api/webhooks/${s}`),
  planted('random beside key', 'a81bc81bdead4e5dabff90865d1e13b1', s => `agent --key ${s}`),
  planted('nested', 'inner-secret', s => `sh -c url=x?y=1&password=${s}`),
  planted('long random', `Zx9${random}Qw8Er7Ty6`, s => `tool ${s}`),
  planted('connection string', 'k9v8/7==', s => `AccountName=a;AccountKey=${s}`),
  planted('Samba', 'smbpass', s => `smbclient //host/share -U ann%${s}`),
  planted('sqlcmd', 'sqlpass', s => `sqlcmd -S host -U sa -P ${s}`),
  planted('ssh-keygen', 'keyphrase', s => `ssh-keygen -t ed25519 -N ${s} -f key`),
  planted('cookie', 'cookievalue', s => `curl -H Cookie: sid=${s} https://example.org`),
  planted('redis', 'redispass', s => `redis-cli -h db -a ${s} ping`),
];
