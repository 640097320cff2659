import type { ApiClient } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { explainedLines } from '../commands/explain.js';
import { previewLines, resultLines, targetsOf } from '../commands/kill.js';
import { explainTarget } from '../explain-target.js';
import type { Io } from '../io.js';
import { explainText } from '../ui/agents-explain.js';
import type { Dialog, KillOrder, TuiCommand, Ui } from './model.js';

/** What keys ask of the daemon, and its answers back on the screen. */

export interface Surface {
  /** Null while no daemon answers. */
  client(): ApiClient | null;
  change(change: (ui: Ui) => Ui): void;
  /** What is shown has changed by what was done. */
  refresh(): void;
}

/** A model may take its time. */
const EXPLAIN_MS = 610_000;

export class TuiCommands {
  constructor(
    private readonly io: Io,
    private readonly surface: Surface,
  ) {}

  /** Never fails: what goes wrong is said on the screen. */
  async run(command: TuiCommand): Promise<void> {
    const client = this.surface.client();
    try {
      if (client === null) throw new Error('no daemon answers now');
      await this.perform(command, client);
    } catch (error) {
      const text = printable((error as Error).message, 1_000);
      if ('ticket' in command)
        this.answer(command.ticket, { kind: 'text', title: 'No answer', lines: [text], scroll: 0 });
      else this.notice(text);
    }
  }

  private async perform(command: TuiCommand, client: ApiClient): Promise<void> {
    switch (command.kind) {
      case 'agent_details':
        return this.text(
          command.ticket,
          explainText(await client.call('explain', whichAgent(command)), this.plain()),
        );
      case 'explain':
        return this.text(
          command.ticket,
          explainedLines(await explainTarget(client, command.target, EXPLAIN_MS), this.plain()),
        );
      case 'preview':
        return this.preview(client, command.order, command.ticket);
      case 'kill':
        return this.kill(client, command.order);
      case 'focus':
        return this.focus(client, command.pid);
      case 'whitelist': {
        const { id, pattern } = await client.call('add_whitelist', {
          pattern: command.pattern,
          match_type: 'name',
          reason: '',
        });
        this.notice(
          `not reported from now on: ${printable(pattern, 200)} (vigil whitelist remove ${id} undoes it)`,
        );
        return this.surface.refresh();
      }
      case 'pause':
        await client.call(command.paused ? 'pause_monitoring' : 'resume_monitoring');
        this.notice(
          command.paused ? 'the watch over the machine is paused: p resumes it' : 'vigil watches again',
        );
        return this.surface.refresh();
    }
  }

  private async preview(client: ApiClient, order: KillOrder, ticket: number): Promise<void> {
    const verdict = await client.call('kill_preview', order);
    const targets = targetsOf(verdict);
    const lines = verdict.allowed
      ? previewLines(verdict, targets, order.force)
      : [`Not done: ${printable(verdict.reason, 1_000)}`];
    // From here on it is this process and no other that takes the pid later.
    const start_ticks =
      order.start_ticks ?? targets.find(({ pid }) => pid === order.pid)?.start_ticks ?? null;
    this.answer(ticket, {
      kind: 'confirm',
      title: `End process ${order.pid} (${order.scope})`,
      lines,
      scroll: 0,
      order: { ...order, start_ticks },
      allowed: verdict.allowed,
      shown_ms: this.io.now(),
    });
  }

  private async kill(client: ApiClient, order: KillOrder): Promise<void> {
    const result = await client.call('kill_process', order);
    const lines = resultLines(result);
    if (result.outcome === 'done') this.notice(lines[0]!);
    else
      this.surface.change(ui => ({
        ...ui,
        notice: null,
        dialog: { kind: 'text', title: 'Not all of it ended', lines, scroll: 0 },
      }));
    this.surface.refresh();
  }

  /** As `vigil focus` does: here, as the user who asks. */
  private async focus(client: ApiClient, pid: number): Promise<void> {
    const { agent } = await client.call('explain', { pid });
    if (agent.uid !== process.geteuid!()) return this.notice('that is no agent of yours');
    const { showAgent } = await import('../../outputs/desktop/show-agent.js');
    const why = await showAgent(agent, this.io.env);
    this.notice(why === null ? 'there it is' : `cannot focus: ${printable(why, 300)}`);
  }

  private text(ticket: number, lines: readonly string[]): void {
    this.surface.change(ui =>
      ui.dialog?.kind === 'busy' && ui.dialog.ticket === ticket
        ? { ...ui, dialog: { kind: 'text', title: ui.dialog.title, lines, scroll: 0 } }
        : ui,
    );
  }

  /** An answer that nobody waits for any more is dropped. */
  private answer(ticket: number, dialog: Dialog): void {
    this.surface.change(ui =>
      ui.dialog?.kind === 'busy' && ui.dialog.ticket === ticket ? { ...ui, dialog } : ui,
    );
  }

  private notice(text: string): void {
    this.surface.change(ui => ({ ...ui, notice: text }));
  }

  /** Texts in dialogs are wrapped, and colours would not survive that. */
  private plain(): Pick<Io, 'color' | 'home' | 'now'> {
    return { color: false, home: this.io.home, now: () => this.io.now() };
  }
}

function whichAgent({ pid, session_id }: { pid: number; session_id?: string }): {
  pid: number;
  session_id?: string;
} {
  return session_id === undefined ? { pid } : { pid, session_id };
}
