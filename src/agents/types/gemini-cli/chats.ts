import { type FileTree, OWN_TREE } from '../../../lib/files/file-tree.js';
import type {
  Candidates,
  ConversationHead,
  ConversationLayout,
} from '../../transcripts/conversation-folder.js';
import { Levels } from '../../transcripts/levels.js';
import type { ReaderContext } from '../../transcripts/reader.js';
import { readGeminiHead } from './chat.js';

const MAX_PATH = 4_096;

/** The conversations below `tmp/PROJECT/chats`; which folder the project is, `.project_root` beside them says. */
export class GeminiChats implements ConversationLayout {
  private readonly levels: Levels;
  private readonly tree: FileTree;

  constructor(private readonly context: ReaderContext) {
    this.tree = context.tree ?? OWN_TREE;
    const path = ['tmp', /^[\w.-]+$/, 'chats', /^session-[\w-]{1,100}\.jsonl$/];
    this.levels = new Levels(context, { path, readHead: readGeminiHead });
  }

  find(): Candidates {
    return this.levels.find();
  }

  readHead(head: string, path: string): ConversationHead | 'later' | 'never' {
    const read = readGeminiHead(head);
    return typeof read === 'string' ? read : { ...read, cwd: this.projectOf(path) };
  }

  private projectOf(path: string): string | null {
    const project = path.split('/').slice(0, -2).join('/');
    const { uid } = this.context.session;
    const read = this.tree.read(`${project}/.project_root`, { uid, max_bytes: MAX_PATH, part: 'head' });
    return read.ok && read.text.startsWith('/') ? read.text.trim() : null;
  }
}
