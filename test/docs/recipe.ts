import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What a page tells its reader to do, done: a fence after a line that ends in a path in backquotes and a colon is a new
 * file, or, as `diff`, a change of one that is there.
 */
export interface Step {
  /** The heading that it stands below. */
  heading: string;
  path: string;
  kind: 'create' | 'change';
  text: string;
}

export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  let heading = '';
  const pattern = /^## (.+)$|`([^`\n]+)`[^`\n]*:\n\n?```(\w+)\n([\s\S]*?)^```$/gm;
  for (const [, title, path, language, text] of page.matchAll(pattern)) {
    if (title !== undefined) heading = title;
    else steps.push({ heading, path: path!, kind: language === 'diff' ? 'change' : 'create', text: text! });
  }
  return steps;
}

/** The files that git knows, or would, in a folder of their own; what is installed is shared. */
export function copyTree(from: string, to: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: from,
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const file of listed.toString().split('\0'))
    if (file !== '' && !file.startsWith('test/recordings/') && existsSync(join(from, file)))
      cpSync(join(from, file), join(to, file));
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'));
}

/** @throws where a file is there already, or what a change stands beside is not */
export function apply(step: Step, root: string): void {
  const path = join(root, step.path);
  if (step.kind === 'create') {
    if (existsSync(path)) throw new Error(`${step.path} is there already`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, step.text);
    return;
  }
  const lines = step.text.replace(/\n$/, '').split('\n');
  const part = (marks: string) => lines.filter(line => marks.includes(line[0]!)).map(line => line.slice(1));
  const before = part(' -').join('\n');
  const now = readFileSync(path, 'utf8');
  const at = now.split(`\n${before}\n`).length - 1;
  if (at !== 1)
    throw new Error(`${step.path}: what the change stands beside is there ${at} times:\n${before}`);
  writeFileSync(
    path,
    now.replace(`\n${before}\n`, () => `\n${part(' +').join('\n')}\n`),
  );
}
