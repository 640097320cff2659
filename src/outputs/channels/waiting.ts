import type { Post } from './message.js';

/** More messages than these, or more bytes, are not kept for a server that does not take them. */
const MAX_MESSAGES = 100;
const MAX_BYTES = 1024 * 1024;

/** What waits to be posted, bounded in number and in bytes: beyond that the oldest goes. */
export class Waiting {
  private readonly posts: { post: Post; bytes: number }[] = [];
  private bytes = 0;

  get length(): number {
    return this.posts.length;
  }

  /** Returns how many were thrown away for it. What is true now is in the newest, so that one stays. */
  add(post: Post): number {
    const bytes = Buffer.byteLength(post.body);
    this.posts.push({ post, bytes });
    this.bytes += bytes;
    let dropped = 0;
    while (this.posts.length > MAX_MESSAGES || (this.bytes > MAX_BYTES && this.posts.length > 1)) {
      this.take();
      dropped++;
    }
    return dropped;
  }

  take(): Post | undefined {
    const first = this.posts.shift();
    this.bytes -= first?.bytes ?? 0;
    return first?.post;
  }

  /** Returns how many there were. */
  clear(): number {
    this.bytes = 0;
    return this.posts.splice(0).length;
  }
}
