import type { ToolStep } from './script.js';

type Schema = Record<string, unknown>;

/** A tool that the agent offers to the model, whatever protocol it came in. */
export interface OfferedTool {
  name: string;
  /** JSON Schema of its arguments. */
  parameters: Schema;
}

/** What agents call the tool that runs a command, and the one that asks the person; the first that is offered. */
const NAMES: Record<ToolStep['tool'], RegExp> = {
  shell: /^(bash|shell|run_shell_command|execute_?command|run_(terminal_)?commands?|execute|terminal)$/i,
  background_shell: /^(bash|shell|run_shell_command|execute_?command|run_(terminal_)?commands?|execute)$/i,
  question:
    /^(ask_?user(_?question)?s?|question|ask_?question|ask_?followup_?question|ask_?user_?for_?input|ask)$/i,
  plan: /^(exit_plan_mode|ExitPlanMode|plan_exit|plan_mode_respond)$/i,
  subagent: /^(task|agent|subagent)$/i,
};

/**
 * The call that a step asks for, in the words of whichever agent asks: the tool by its name, its arguments by its schema.
 * @throws when the agent offers no such tool
 */
export function callFor(
  step: ToolStep,
  offered: readonly OfferedTool[],
): { name: string; input: Record<string, unknown> } {
  const tool = offered.find(({ name }) => NAMES[step.tool].test(name));
  if (tool === undefined) {
    throw new Error(`no ${step.tool} among ${offered.map(({ name }) => name).join(', ')}`);
  }
  return { name: tool.name, input: objectFor(tool.parameters, step) };
}

function objectFor(schema: Schema, step: ToolStep): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const required = new Set((schema.required ?? []) as string[]);
  const wanted = Object.entries(properties).filter(([name]) => required.has(name) || name in MEANT);
  return Object.fromEntries(wanted.map(([name, property]) => [name, valueFor(name, property, step)]));
}

/** Arguments that are given even where they may be left out. */
const MEANT: Record<string, true> = { command: true, commands: true, options: true, choices: true };

function valueFor(name: string, schema: Schema, step: ToolStep): unknown {
  const one = ((schema.anyOf ?? schema.oneOf) as Schema[] | undefined)?.[0] ?? schema;
  const type = String(Array.isArray(one.type) ? one.type[0] : (one.type ?? 'string')).toLowerCase();
  const choices = one.enum as unknown[] | undefined;
  if (choices !== undefined) return choices.includes('choice') ? 'choice' : choices.at(-1);
  switch (type) {
    case 'object':
      return objectFor(one, step);
    case 'array': {
      const item = (one.items ?? {}) as Schema;
      if (/^(options|choices)$/.test(name)) return ['Red', 'Blue'].map(label => labelled(item, label, step));
      return [valueFor(name.replace(/s$/, ''), item, step)];
    }
    case 'boolean':
      return name === 'requires_approval';
    case 'integer':
    case 'number':
      return 300;
    default:
      return textFor(name, step);
  }
}

function labelled(item: Schema, label: string, step: ToolStep): unknown {
  if (String(item.type).toLowerCase() !== 'object') return label;
  const made = objectFor(item, step);
  return Object.fromEntries(Object.keys(made).map(key => [key, label]));
}

function textFor(name: string, { command = 'true' }: ToolStep): string {
  if (/^(command|cmd)$/i.test(name)) return command;
  if (/question|prompt/i.test(name)) return 'Which colour?';
  if (/dir|path|cwd/i.test(name)) return '.';
  return 'Lab';
}
