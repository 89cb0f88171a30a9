/** Layers of the design, lowest first. A package may import packages of lower layers, and what `alsoAllowed` names. */
const allowed = {
  'packages/incremental': [],
  'packages/wrpc': [],
  'packages/model': [],
  'packages/lifecycle': [],
  'packages/persister': ['lifecycle', 'model'],
  'packages/store': ['persister', 'lifecycle', 'model'],
  'packages/translator': ['incremental', 'model'],
  'packages/reconcilers': ['translator', 'store', 'lifecycle', 'model'],
  'packages/manifests': ['translator', 'lifecycle', 'model'],
  'packages/kubernetes': ['translator', 'lifecycle', 'model'],
  'packages/event-server': ['store', 'lifecycle', 'model'],
  'packages/data-plane-server': ['wrpc', 'lifecycle', 'model'],
};

const importRules = Object.entries(allowed).map(([folder, packages]) => ({
  name: `arrows-of-${folder.split('/')[1]}`,
  comment: `${folder} may import only: ${packages.join(', ') || 'nothing of ours'} (see the arrows in CONTRIBUTING.md)`,
  severity: 'error',
  from: { path: `^${folder}/src/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^(packages|apps|tools)/',
    pathNot: [`^${folder}/`, ...packages.map((name) => `^packages/${name}/src/index\\.ts$`)],
  },
}));

export default {
  forbidden: [
    ...importRules,
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'index-is-the-only-face',
      comment: 'Import a package by its name, never a file inside it',
      severity: 'error',
      from: { path: '^(packages|apps|tools)/([^/]+)/' },
      to: {
        path: '^(packages|apps|tools)/([^/]+)/',
        pathNot: ['^$1/$2/', '/src/index\\.ts$', '^tools/jest/require-node\\.mjs$'],
      },
    },
    {
      name: 'tools-are-imported-by-nobody',
      severity: 'error',
      from: { path: '^(packages|apps)/' },
      to: { path: '^tools/' },
    },
    {
      name: 'only-declared-packages',
      comment: 'Hoisting makes undeclared packages resolvable; declare them in package.json',
      severity: 'error',
      from: { path: '^(packages|apps|tools)/[^/]+/src/', pathNot: '\\.(test|contract)\\.ts$' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-dev', 'unknown', 'undetermined', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '/dist/|out-test' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      conditionNames: ['@koko/source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
