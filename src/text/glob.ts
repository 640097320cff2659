/** Names with `*` for anything, also nothing: `dbus*`, `*-helper`. Nothing else is special. */

/** A test of whole texts, in one pass over them whatever the pattern. */
export function globMatcher(glob: string): (text: string) => boolean {
  if (!glob.includes('*')) return text => text === glob;
  const parts = glob.split('*');
  const first = parts[0]!;
  const last = parts.at(-1)!;
  const middle = parts.slice(1, -1).filter(part => part !== '');
  return text => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
      return false;
    // The first place where a part fits leaves the most room for the others.
    let at = first.length;
    const end = text.length - last.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
