// One direction (specs/002-structure.md): who stands lower knows nothing of who stands higher, not even a type.
// From the lowest floor to the highest; who stands on the same floor does not know each other.
const FLOORS = [
  ['lib'],
  ['model'],
  ['bus'],
  ['sources', 'agents', 'rules', 'store'],
  ['actions', 'diagnosis'],
  ['outputs'],
  ['config'],
  ['api'],
  ['standalone', 'daemon'],
];

/** A folder of src, or the file of that name. */
const path = names => `^src/(${names.join('|')})(/|\\.ts$)`;

const directions = FLOORS.flatMap((floor, at) =>
  floor.map(name => ({
    name: `${name}-looks-up`,
    comment: `src/${name} may know only of what stands below it.`,
    severity: 'error',
    from: { path: path([name]) },
    to: {
      path: path([
        ...FLOORS.slice(at)
          .flat()
          .filter(other => other !== name),
        'cli',
      ]),
    },
  })),
);

export default {
  forbidden: [
    ...directions,
    {
      name: 'cli-knows-the-client',
      comment:
        'A command speaks to the daemon as every program does. What it runs itself, it loads when it is asked.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: ['^src/(cli|lib|model|config)/', '^src/api/client/'],
        dependencyTypesNot: ['dynamic-import'],
      },
    },
    {
      name: 'no-circle',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'Nobody imports it: delete it.',
      severity: 'error',
      from: { orphan: true, path: '^src/' },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^src/',
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
