import { agentSpinning } from './agent-spinning.js';
import { cpuHigh } from './cpu-high.js';
import { ram } from './ram.js';
import type { Rule } from './rule.js';

/** A new rule is one new file, one line here, and its table in config/sections/rules.ts. */
export const RULES: readonly Rule[] = [agentSpinning, cpuHigh, ram];
