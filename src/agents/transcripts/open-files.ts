import { type FileTree, OWN_TREE } from '../../lib/files/file-tree.js';
import { parsePasswd } from '../../lib/os/users.js';
import type { AgentType } from '../agent-type.js';
import type { AgentFileReader, ReaderContext } from './reader.js';

/** Of /etc/passwd in a container. */
const PASSWD_BYTES = 1024 * 1024;

/** The reader of an agent's files; it closes its tree. Null: the type has none, or its home cannot be told. */
export function openFiles(type: Pick<AgentType, 'files'>, context: ReaderContext): AgentFileReader | null {
  const tree = context.tree ?? OWN_TREE;
  const folder = belowHome(context.folder, tree);
  const reader = folder === null ? undefined : type.files?.open({ ...context, folder });
  if (reader !== undefined)
    return {
      start: () => reader.start(),
      close: () => {
        reader.close();
        tree.close();
      },
    };
  tree.close();
  return null;
}

/** `~0/.claude` is below the home that the container's own user database names. Null: it names none. */
function belowHome(folder: string, tree: FileTree): string | null {
  const [, uid, below] = /^~(\d+)\/(.+)$/.exec(folder) ?? [];
  if (uid === undefined) return folder;
  const passwd = tree.read('/etc/passwd', { uid: null, max_bytes: PASSWD_BYTES });
  const home = passwd.ok ? parsePasswd(passwd.text).get(Number(uid))?.home : undefined;
  return home === undefined ? null : `${home.replace(/\/+$/, '')}/${below}`;
}
