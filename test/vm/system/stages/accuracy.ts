import { matchSession } from '../../../../bench/accuracy/match.js';
import { countVerdicts } from '../../../../bench/accuracy/report.js';
import type { Heard } from '../../../lab/vigil.js';
import { check, same } from '../check.js';
import type { PlayedAgent } from '../session.js';

/** All that was said of the agent beside all that was true of it, as `bench/accuracy` compares. */
export async function accuracy(heard: readonly Heard[], { pid, truth }: PlayedAgent): Promise<void> {
  const of = heard.filter(({ event }) => event.pid === pid);
  const always = [{ from_ms: 0, to_ms: Number.POSITIVE_INFINITY }];
  const { lines, false_waits } = matchSession(truth, of, always, 'state');
  const { matched, missed, wrong, extra } = countVerdicts(lines);
  const delays = lines.flatMap(({ delay_ms }) => (delay_ms === undefined ? [] : [Math.round(delay_ms)]));
  const falsely = Math.max(0, ...false_waits.map(({ length_ms }) => length_ms));
  console.log(
    `ACCURACY ${matched} of ${matched + missed + wrong} transitions; longest WAITING that was WORKING ${Math.round(falsely)} ms; delays ${delays.join(', ')} ms`,
  );
  const faults = lines.filter(({ verdict }) => verdict !== 'matched');
  await check(
    `all ${matched + missed + wrong} changes of its state were told, and no other (${extra} extra)`,
    () =>
      same(
        faults
          .map(({ verdict, truth: is, heard: said }) => {
            const stated = said === undefined ? 'nothing' : `${said.event.to} by ${said.event.evidence.text}`;
            return `${verdict}: true ${is === undefined ? 'nothing' : `${is.state} by ${is.by}`}, said ${stated}`;
          })
          .join('; '),
        '',
      ),
  );
}
