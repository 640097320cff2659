/** The keys of `vigil watch`, as `?` shows them. */
export const HELP: readonly string[] = [
  '↑ ↓  j k        choose a row           PgUp PgDn Home End  by pages',
  'Tab  ← →  h l   the next pane          Enter   everything about it',
  's               sort: by state, CPU, memory, name',
  '/               filter all panes       Esc     no filter',
  'a               processes of the machine, or of the chosen agent',
  '',
  'f               go to the agent’s window',
  'e               ask for an explanation',
  'x  K  Delete    end it: shows what would be hit, and asks',
  'w               whitelist: no rule reports such processes any more',
  'p               pause or resume the watch over the machine',
  '',
  'Ctrl-L          draw anew              q  Ctrl-C  leave',
];
