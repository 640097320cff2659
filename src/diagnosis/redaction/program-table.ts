/** Where well-known programs take their secrets, beyond options whose name says it. */

export interface ProgramSecrets {
  /** The whole name of the program, without its folder. */
  name: RegExp;
  /** Options whose next argument is one. */
  next?: readonly string[];
  /** Options to which it is glued: `-pSECRET`. */
  glued?: readonly string[];
  /** Options with `user:secret` (or `user%secret`, `user,secret`). */
  pair?: readonly string[];
  /** Words behind which one argument, or all that are no options, are secrets. */
  after?: readonly { words: readonly string[]; skip?: number; all?: boolean }[];
  /** The last argument is one when that letter is among the short options (`htpasswd -b`), or always. */
  last?: string | true;
  /** Bare words that are named like a secret have it behind them: `password X`. */
  bareNames?: boolean;
  /** All `key=value` behind such a word. */
  assignedAfter?: readonly string[];
  /** `user/secret@service` as an argument. */
  slashed?: boolean;
  /** What `send` is given: expect. */
  sends?: boolean;
}

const LOGIN_WITH_P = { next: ['-p'], pair: ['--creds', '--src-creds', '--dest-creds', '--credentials'] };

export const PROGRAMS: readonly ProgramSecrets[] = [
  { name: /^(?:mysql\w*|mariadb[\w-]*|mycli|percona[\w-]*|xtrabackup)$/, glued: ['-p'] },
  { name: /^sshpass$/, next: ['-p'], glued: ['-p'] },
  { name: /^mongo\w*$/, next: ['-p'], glued: ['-p'] },
  { name: /^(?:7z\w*|7-zip|rar|unrar|arj|p7zip)$/, glued: ['-p', '-hp'] },
  { name: /^(?:unzip|zip|zipcloak|zipnote|zipsplit|funzip)$/, next: ['-P'], glued: ['-P'] },
  {
    name: /^(?:redis|valkey|keydb)-(?:cli|benchmark)$/,
    next: ['-a'],
    after: [{ words: ['auth'], all: true }],
    bareNames: true,
  },
  {
    name: /^(?:sqlcmd|bcp|isql|osql|tsql|freebcp|ipmitool|mosquitto_\w+|kinit|racadm)$/,
    next: ['-P'],
    glued: ['-P'],
  },
  { name: /^ssh-keygen$/, next: ['-N', '-P'], glued: ['-N', '-P'] },
  { name: /^ldap\w+$/, next: ['-w', '-s', '-a'], glued: ['-w'] },
  { name: /^snmp\w+$/, next: ['-A', '-X', '-c'], glued: ['-A', '-X'] },
  { name: /^(?:curl|wget|aria2c|axel)$/, pair: ['-E', '--cert'], next: ['-b'] },
  {
    name: /^(?:http|https|httpie|xh|xhs|hey|ab|siege|oha|bombardier|vegeta)$/,
    pair: ['-a', '-A', '-P', '--auth'],
  },
  { name: /^(?:ttyd|gotty|filebrowser|transmission-\w+|wstunnel)$/, pair: ['-c', '-n', '--credential'] },
  { name: /^(?:htpasswd|mosquitto_passwd)$/, last: 'b' },
  { name: /^(?:smbclient|rpcclient|net|smbget|nmblookup|winexe|smbmap)$/, pair: ['-U', '--user'] },
  { name: /^(?:lftp|ncftp\w*|ftp|tnftp)$/, pair: ['-u'], next: ['-p'] },
  {
    name: /^(?:vault|bao|openbao)$/,
    after: [
      { words: ['login'] },
      { words: ['unseal'] },
      { words: ['unwrap'] },
      { words: ['revoke', 'lookup', 'renew'] },
    ],
    assignedAfter: ['put', 'write', 'login', 'patch'],
  },
  {
    name: /^(?:nmcli|wpa_cli|iwctl|connmanctl|uci|pppd|chat|netsh|adb|composer|poetry|pip3?|pdftk)$/,
    bareNames: true,
  },
  {
    name: /^(?:npm|pnpm|yarn|bun|npx|git|hub|consul|ngrok|tea|conda|twine|cargo|gem|bundle)$/,
    bareNames: true,
  },
  { name: /^(?:wpa_passphrase)$/, last: true },
  { name: /^(?:docker|podman|helm|buildah|skopeo|crane|oras|nerdctl|regctl)$/, pair: LOGIN_WITH_P.pair },
  { name: /^(?:openssl|ccrypt|mcrypt|scrypt)$/, next: ['-k', '-K', '-passin', '-passout', '-pass', '-hmac'] },
  { name: /^(?:kubectl|oc|k3s|k9s)$/, assignedAfter: ['--from-literal'] },
  { name: /^(?:gh|glab)$/, next: ['-b', '--body'], after: [{ words: ['--body'] }] },
  {
    name: /^(?:heroku|dokku|flyctl|fly|railway|supabase|doppler|vercel|wrangler|netlify|infisical|render)$/,
    assignedAfter: ['set', 'config:set', 'env:set', 'import', 'add'],
  },
  { name: /^dotnet$/, after: [{ words: ['set'], skip: 1 }] },
  { name: /^(?:bw|op|rbw|lpass)$/, after: [{ words: ['unlock'] }, { words: ['login'], skip: 1 }] },
  { name: /^security$/, next: ['-w', '-p'] },
  { name: /^(?:plink|pscp|psftp|putty|pterm)$/, next: ['-pw'] },
  {
    name: /^(?:rabbitmqctl|rabbitmq-\w+)$/,
    after: [{ words: ['add_user', 'change_password', 'authenticate_user'], skip: 1 }],
  },
  { name: /^(?:kadmin(?:\.local)?)$/, next: ['-w', '-pw'] },
  {
    name: /^(?:useradd|usermod|groupmod|groupadd|adduser|xfreerdp\w*|wlfreerdp|rdesktop|evil-winrm|beeline|cypher-shell|steghide|hydra)$/,
    next: ['-p'],
    glued: ['-p', '/p:'],
  },
  { name: /^(?:mc|mcli)$/, after: [{ words: ['set', 'add'], skip: 2, all: true }] },
  { name: /^(?:sqlplus|rman|exp|imp|expdp|impdp|sqlldr|sqlcl|sql)$/, slashed: true },
  { name: /^(?:sendemail|swaks)$/, next: ['-xp', '-ap'] },
  { name: /^influx$/, next: ['-t', '-p'] },
  { name: /^steamcmd$/, after: [{ words: ['+login'], skip: 1 }] },
  { name: /^qpdf$/, after: [{ words: ['--encrypt'], all: true }] },
  { name: /^rclone$/, after: [{ words: ['obscure'] }] },
  { name: /^(?:tailscale|cloudflared|zerotier-cli|netbird|headscale)$/, bareNames: true },
  { name: /^iwconfig$/, after: [{ words: ['key', 'enc'] }] },
  { name: /^(?:az|aws|gcloud)$/, next: ['--value'], bareNames: true },
  { name: /^expect$/, sends: true },
  { name: /^x11vnc$/, next: ['-passwd', '-viewpasswd'] },
];
