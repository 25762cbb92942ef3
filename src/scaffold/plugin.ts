import {readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import type {PartKind} from '../options/kinds.js';
import {apiVersion} from '../plugin/index.js';
import {usageOf} from '../options/config-keys.js';
import {kindFacts, kindLabel, partKinds} from '../options/kinds.js';
import {friendlyName} from '../plugin/names.js';

/** The kinds of things that a new plug-in can bring: parts and commands. */
export type Provided = PartKind | 'command';

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const examples = 'plugins/example-parts';

/** The example that a part, or a command, starts from. */
const template = (kind: Provided): string =>
  kind === 'command' ? `${examples}/src/commands/hello.ts` : (kindFacts(kind).example ?? `${examples}/src/${kind}.ts`);

/** How a part is used, for the README. */
const usage = (kind: Provided, name: string): string => (kind === 'command' ? `gan ${name}` : usageOf(kind, name));

/**
 * The files of a new plug-in, by their paths. Each part is called like the plug-in; its code is that of an example.
 * @param name the package: `gan-plugin-foo` or `@scope/gan-plugin-foo`
 */
export function pluginFiles(name: string, provides: readonly Provided[]): Record<string, string> {
  const part = friendlyName(name).replace(/^@[^/]+\//, '');
  const source = (kind: Provided): [string, string] => [
    kind === 'command' ? `src/commands/${part}.ts` : `src/${kind}.ts`,
    rename(kind, read(template(kind)), part),
  ];
  return {
    'package.json': `${JSON.stringify(manifest(name, part, provides), null, 2)}\n`,
    'README.md': readme(name, part, provides),
    LICENSE: read(`${examples}/LICENSE`),
    '.gitignore': 'node_modules/\ndist/\n',
    'tsconfig.json': read(`${examples}/tsconfig.json`),
    '.github/workflows/test.yml': read(`${examples}/.github/workflows/test.yml`),
    'test/plugin.test.ts': read(`${examples}/test/plugin.test.ts`),
    ...(provides.includes('backend') && {
      'test/backend.test.ts': read('plugins/example-backend/test/backend.test.ts').replace(
        "testBackend('cpu'",
        `testBackend('${part}'`,
      ),
    }),
    ...Object.fromEntries(provides.map(source)),
  };
}

const rename = (kind: Provided, code: string, part: string): string =>
  kind === 'command'
    ? code.replaceAll(/\bHello\b(?!,)/g, pascal(part))
    : code.replace(/^( +name: )'[^']+'/m, `$1'${part}'`);

const pascal = (name: string): string =>
  name
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');

function manifest(name: string, part: string, provides: readonly Provided[]): object {
  const own = JSON.parse(read('package.json')) as Manifest;
  const example = JSON.parse(read(`${examples}/package.json`)) as Record<string, object>;
  const parts = provides.filter((kind) => kind !== 'command');
  const tfjs = {
    '@tensorflow/tfjs-backend-cpu': own.devDependencies['@tensorflow/tfjs-backend-cpu'],
    '@tensorflow/tfjs-core': own.dependencies['@tensorflow/tfjs-core'],
  };
  const dependencies = {
    ...(provides.includes('command') && {'@oclif/core': own.dependencies['@oclif/core']}),
    ...(provides.includes('backend') && tfjs),
  };
  return {
    name,
    version: '0.1.0',
    description: `For gan: ${provides.map(label).join(', ')}.`,
    license: 'Apache-2.0',
    type: 'module',
    engines: example['engines'],
    keywords: ['gan-plugin', 'gan', ...provides],
    gan: {
      api: apiVersion,
      ...Object.fromEntries(parts.map((kind) => [partKinds[kind].manifestKey, {[part]: `./dist/${kind}.js`}])),
    },
    oclif: provides.includes('command') ? {commands: './dist/commands'} : {},
    files: ['dist'],
    scripts: example['scripts'],
    ...(Object.keys(dependencies).length > 0 && {dependencies}),
    peerDependencies: {gankit: `^${own.version}`},
    peerDependenciesMeta: example['peerDependenciesMeta'],
    devDependencies: {gankit: `^${own.version}`, ...example['devDependencies']},
    mocha: example['mocha'],
  };
}

const label = (kind: Provided): string => (kind === 'command' ? 'command' : kindLabel(kind));

function readme(name: string, part: string, provides: readonly Provided[]): string {
  const rows = provides.map(
    (kind) =>
      `    ${usage(kind, part).padEnd(44)}# the ${label(kind)}: src/${kind === 'command' ? `commands/${part}` : kind}.ts`,
  );
  return `# ${name}

A plug-in for gan.

    gan plugins install ${friendlyName(name)}
${rows.join('\n')}

\`gan parts\` lists its parts with their options.

## Working on it

    npm install          # and: npm run build, after a change
    npm test             # each part does what its kind promises; add tests of your own in test/
    gan plugins link     # gan uses this folder
    npm publish          # with the keyword gan-plugin, so that it is found
`;
}
