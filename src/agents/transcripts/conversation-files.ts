import type { TranscriptEntry } from '../../model/observation.js';
import { ConversationFolder, type OpenLayout } from './conversation-folder.js';
import { FollowedTranscript } from './followed-transcript.js';
import { type LevelFormat, Levels } from './levels.js';
import type { AgentFiles } from './reader.js';
import { followConversations } from './served-conversations.js';

/** How a conversation in files tells its state. */
export interface StateFormat {
  /** What the ends of `stateFiles` say of its state; null: nothing. */
  readTail(tail: string, ...others: string[]): TranscriptEntry | null;
  /** The files that tell the state, in one folder; default: the one that tells whose it is. */
  stateFiles?(path: string): readonly string[];
}

/** An agent that keeps each conversation in a file of its own, named by patterns. */
export type ConversationFormat = LevelFormat & StateFormat;

/** What reads the files of an agent of that kind: see AgentType. */
export function conversationFiles(folder: AgentFiles['folder'], format: ConversationFormat): AgentFiles {
  return laidOutFiles(folder, format.path.join('/'), context => new Levels(context, format), format);
}

/** The same where the files are found in another way. `kind`: see FollowedConversation. */
export function laidOutFiles(
  folder: AgentFiles['folder'],
  kind: string,
  layout: OpenLayout,
  { readTail, stateFiles = path => [path] }: StateFormat,
): AgentFiles {
  return {
    folder,
    open: context =>
      followConversations(
        context,
        kind,
        (place, changed) => new ConversationFolder(place, layout(place), changed),
        of => {
          const transcript = new FollowedTranscript(of, readTail);
          return {
            follow: path => transcript.follow(...(path === null ? [] : stateFiles(path))),
            close: () => transcript.close(),
          };
        },
      ),
  };
}
