const SHELLS: ReadonlySet<string> = new Set(
  'sh bash zsh fish dash ksh mksh ash tcsh csh nu xonsh elvish'.split(' '),
);

/** Of a program's name or path; a login shell is called `-bash`. */
export function isShell(program: string): boolean {
  return SHELLS.has(program.slice(program.lastIndexOf('/') + 1).replace(/^-/, ''));
}
