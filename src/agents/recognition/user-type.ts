import { type AgentType, simpleMatch } from '../agent-type.js';
import { SEEN_FROM_OUTSIDE } from '../standard-voices.js';
import { baseName, isProgram } from './identity.js';
import { scriptFile } from './script-file.js';

/** A type that the user describes in the config, without code. */
export interface UserType {
  name: string;
  /** Base names of the program, or of the script that an interpreter runs. */
  commands: readonly string[];
  /** Absolute paths or globs of the executable or script. */
  paths: readonly string[];
  /** Only processes that have each of these among their arguments. */
  argv_contains?: readonly string[] | undefined;
}

/** Globs of paths: `*` and `?` stay within a folder, `**` crosses folders; everything else is itself. */
function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\*\*|[*?]|[\\^$.|+()[\]{}]/g, part => {
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 's');
}

export function userType(spec: UserType): AgentType {
  const paths = spec.paths.map(globToRegExp);
  return {
    name: spec.name,
    label: spec.name,
    match(process, id) {
      const script = id.script ?? process.script ?? scriptFile(process);
      const files = [id.exe, script].filter(file => file !== null);
      const byName =
        isProgram(id, spec.commands) || (script !== null && spec.commands.includes(baseName(script)));
      if (!byName && !paths.some(path => files.some(file => path.test(file)))) return null;
      if (!(spec.argv_contains ?? []).every(wanted => process.argv.includes(wanted))) return null;
      return simpleMatch(process, false);
    },
    voices: SEEN_FROM_OUTSIDE,
  };
}
