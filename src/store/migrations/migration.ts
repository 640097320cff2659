/** From the version before to `version`: statements that run in one transaction. Never changed once released. */
export interface Migration {
  version: number;
  sql: string;
}
