import type { Explained } from '../../api/client/index.js';
import { durationText } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK } from '../command.js';
import { explainTarget, promptFor } from '../explain-target.js';
import type { Io } from '../io.js';
import { targetOf } from '../target.js';
import { severityStyles } from '../ui/format.js';
import { paint } from '../ui/style.js';
import { fitted } from '../ui/wrap.js';

/** A model may take its time. */
const PATIENCE_MS = 610_000;

export const explain = defineCommand({
  usage: 'explain <target>',
  describe: 'Explain an alert (A7) or a process (4711), and say what can be done about it',
  details: [
    'A language model explains where the configuration allows it ([ai]); else the rules do, with what they measured.',
    'Nothing is done by this command. Commands shown by vigil rest on its own judgement; what a model suggests is judged by the same policy.',
  ],
  positionals: { target: { type: 'string', describe: 'An alert as vigil alerts shows it, or a process id' } },
  options: {
    'show-prompt': {
      type: 'boolean',
      default: false,
      describe: 'Print exactly what a model would be sent, and send nothing',
    },
    json: JSON_OPTION,
  },
  async run({ positional, showPrompt, json, runtimeDir }, io) {
    const target = targetOf(positional.target!);
    return askDaemon(runtimeDir, async client => {
      if (showPrompt) {
        const prompt = await promptFor(client, target);
        printAnswer(io, json, prompt, () => [prompt.system, '', prompt.user]);
        return OK;
      }
      const explained = await explainTarget(client, target, PATIENCE_MS);
      printAnswer(io, json, explained, () => fittedExplanation(explained, io));
      return OK;
    });
  },
});

/** Commands stay whole: they are copied. */
function fittedExplanation(explained: Explained, io: Pick<Io, 'color' | 'columns' | 'now'>): string[] {
  const commands = explained.plans.flatMap(({ command }) =>
    command === null ? [] : [printable(command, 2_000)],
  );
  return explainedLines(explained, io).flatMap(line =>
    commands.some(command => line.includes(command)) ? [line] : fitted([line], io.columns),
  );
}

export function explainedLines({ explanation, plans }: Explained, io: Pick<Io, 'color' | 'now'>): string[] {
  const { diagnosis, by, model, failure, left_out, time_ms } = explanation;
  const age_ms = io.now() - time_ms;
  const when = age_ms > 60_000 ? `, ${durationText(age_ms)} ago` : '';
  const who = by === 'model' ? `${printable(model ?? 'a model', 100)}${when}` : 'the rules';
  const lines = [
    `${paint(diagnosis.severity.toUpperCase(), severityStyles(diagnosis.severity), io.color)} ${printable(diagnosis.diagnostic, 8_000)}`,
    paint(`(explained by ${who})`, ['dim'], io.color),
  ];
  if (failure !== null && failure.code !== 'no_key' && failure.code !== 'disabled')
    lines.push(paint(printable(failure.message, 500), ['yellow'], io.color));
  if (plans.length > 0) lines.push('', 'What can be done:');
  for (const { text, command, verdict } of plans) {
    lines.push(`  - ${printable(text, 2_000)}`);
    if (command !== null) lines.push(`      ${paint(printable(command, 2_000), ['bold'], io.color)}`);
    lines.push(paint(`      ${verdict.risk}: ${printable(verdict.reason, 500)}`, ['dim'], io.color));
  }
  for (const reason of left_out)
    lines.push(paint(`  left out: ${printable(reason, 300)}`, ['dim'], io.color));
  if (diagnosis.prevention !== '') lines.push('', `To prevent it: ${printable(diagnosis.prevention, 4_000)}`);
  return lines;
}
