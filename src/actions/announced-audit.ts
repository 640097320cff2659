import type { Bus } from '../bus.js';
import type { ActionRecord, ActionResult, AuditLog } from '../model/action.js';

/** An audit that tells of each action which has ended: `action.finished`. */
export class AnnouncedAudit implements AuditLog {
  private readonly open = new Map<number, ActionRecord>();

  constructor(
    private readonly audit: AuditLog,
    private readonly bus: Pick<Bus, 'emit'>,
  ) {}

  async begin(record: ActionRecord): Promise<number> {
    const id = await this.audit.begin(record);
    this.open.set(id, record);
    return id;
  }

  async finish(id: number, result: ActionResult): Promise<void> {
    const record = this.open.get(id);
    this.open.delete(id);
    try {
      await this.audit.finish(id, result);
    } finally {
      if (record !== undefined) this.bus.emit('action.finished', { id, record, result });
    }
  }
}
