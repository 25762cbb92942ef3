import {expect} from 'chai';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import {root} from '../commands/helpers.js';
import {findCycle, importsOf, parse, sourceFiles, type Import} from './import-graph.js';

/**
 * Which files of src each part of src may import, apart from its own. Imports point one way: commands -> cli -> config,
 * gan -> backends. `type` is for what is gone after compilation, `lazy` for what `import(...)` loads when it is needed.
 */
const everywhere = /^(errors|system-error|system-limits|address|environment|network-words|variables)\.ts$/;
const rules: Record<string, Partial<Record<Import['kind'], RegExp>>> = {
  errors: {},
  'system-error': {},
  'system-limits': {},
  address: {},
  environment: {},
  'network-words': {},
  variables: {},
  options: {},
  backends: {},
  gan: {
    value: /^(backends\/((tf|kernel-calls)\.ts|fused\/|capture\/)|options\/(nearest|json|image-size)\.ts$)/,
    type: /^(backends\/(tf|device|collective)|options\/run-config)\.ts/,
  },
  plugin: {
    value: /^options\//,
    type: /^(gan|backends)\//,
    lazy: /^(backends\/(tf|kernels|operation)|gan\/(nn|rng|export\/tools|data\/built-in|metrics\/measures))\.ts$/,
  },
  parts: {type: /^plugin\/index\.ts$/},
  config: {value: /^(options|plugin)\//, type: /^(runs|gan)\//, lazy: /^gan\/data\/(records\/open|common-facts)\.ts$/},
  runs: {value: /^(options|config|plugin|gan|backends)\//},
  testing: {
    value: /^(options\/|gan\/|backends\/(tf\.ts|fused\/|capture\/)|plugin\/|runs\/)/,
    type: /^backends\/device\.ts$/,
    lazy: /^config\/(resolve|parts)\.ts$/,
  },
  'built-in': {value: /^(parts|plugin|options|gan|backends)\//},
  bench: {value: /^(runs|config|options|plugin|gan|backends)\//},
  scaffold: {value: /^(options|plugin)\//},
  doctor: {
    value: /^(options\/|plugin\/|runs\/devices\/)/,
    type: /^backends\/device\.ts$/,
    lazy: /^gan\/data\/sharp\.ts$/,
  },
  cli: {
    value: /^(runs|config|options|plugin|gan)\//,
    type: /^(backends|testing|bench|doctor)\//,
    lazy: /^(backends|runs)\//,
  },
  commands: {
    value: /^(cli\/|options\/(kinds|nearest|config-keys|image-size)\.ts$|plugin\/names\.ts$)/,
    type: /^(plugin|gan|backends|bench|scaffold|config|runs|options)\//,
    lazy: /^(cli|config|plugin|gan|backends|testing|bench|doctor|scaffold|ui|runs)\//,
  },
  ui: {value: /^(runs|gan|config|options|plugin|backends)\//},
  'ui/page': {value: /^(gan\/latents|options\/flat-config|runs\/evaluation-table)\.ts$/, type: /^ui\/protocol\.ts$/},
  'ui/export-page': {
    value: /^(gan\/(export\/|io\/float16\.ts|latents\.ts)|options\/image-size\.ts$|ui\/page\/(dom|class-sliders)\.ts$)/,
    type: /^parts\/exporters\/web\/model\.ts$/,
  },
  index: {
    value: /^(runs\/|gan\/|backends\/|built-in\.ts$|plugin\/discover\.ts$|options\/image-size\.ts$)/,
    type: /^(config\/(define|parts)|options\/(run-config|stop-when))\.ts$/,
  },
};

const exceptions: readonly string[] = [];

/** Who may use a package, be it for its types only. */
const packages: Record<string, RegExp> = {
  '@tensorflow/tfjs-core': /^(backends|ui\/export-page)\//,
  '@tensorflow/tfjs-backend-wasm': /^ui\/export-page\//,
  '@tensorflow/tfjs-backend-webgpu': /^ui\/export-page\//,
  '#tf-gradients': /^backends\/tf\.ts$/,
  '@oclif/core': /^(cli|commands)\//,
  '@huggingface/hub': /^cli\/hub\//,
  cosmiconfig: /^config\/files\.ts$/,
  jiti: /^config\/script\.ts$/,
  '@clack/prompts': /^cli\/config\/(prompts|ask-config)\.ts$/,
  hono: /^ui\/server\//,
  '@hono/node-server': /^ui\/server\//,
  open: /^commands\/ui\.ts$/,
  uplot: /^ui\/page\//,
  yauzl: /^gan\/data\/records\/zip-file\.ts$/,
  undici: /^gan\/io\/remote\/http\.ts$/,
  '@aws-sdk/client-s3': /^gan\/io\/remote\/s3\.ts$/,
  'hyparquet-compressors': /^gan\/data\/records\/parquet\/parquet-file\.ts$/,
  sharp: /^gan\/data\/sharp\.ts$/,
};

const inSrc = (file: string): string => file.replace(/^src\//, '');
/** What a browser loads: bundled, and a part of its own. */
const isPage = (file: string): boolean => /^src\/ui\/(page|export-page)\//.test(file);
const partOf = (file: string): string =>
  isPage(file) ? path.posix.dirname(inSrc(file)) : inSrc(file).replace(/(\/.*|\.ts)$/, '');
const packageName = (specifier: string): string =>
  (specifier.startsWith('@') ? specifier.split('/').slice(0, 2) : specifier.split('/').slice(0, 1)).join('/');
const where = ({from, line, specifier}: Import): string => `${from}:${line} imports ${specifier}`;

/** What is wrong with an import of a file of src; undefined when nothing is. */
function fault(each: Import): string | undefined {
  const {from, to, kind} = each;
  if (to.startsWith('node:')) return undefined;
  if (!to.startsWith('src/')) {
    const users = packages[packageName(to)];
    if (!users) return `${where(each)}: there is no rule for this package`;
    return users.test(inSrc(from)) ? undefined : `${where(each)}: this package is for ${users.source} only`;
  }
  const part = partOf(from);
  if (
    partOf(to) === part ||
    (everywhere.test(inSrc(to)) && part !== 'parts') ||
    exceptions.includes(`${inSrc(from)} ${inSrc(to)}`)
  )
    return undefined;
  const allowed = rules[part];
  if (!allowed) return `${where(each)}: there is no rule for src/${part}`;
  // what may be imported as a value may be imported as a type or later, too
  const kinds: Import['kind'][] = kind === 'value' ? ['value'] : ['value', kind];
  if (kinds.some((name) => allowed[name]?.test(inSrc(to)))) return undefined;
  return `${where(each)} (${kind}): src/${part} must not depend on src/${partOf(to)} so`;
}

const faults = (imports: readonly Import[]): string[] => imports.flatMap((each) => fault(each) ?? []);

describe('the import graph of src', () => {
  const all = importsOf(root, 'src');

  it('is read completely', () => {
    expect(all.length).to.be.greaterThan(300);
    const files = new Set(sourceFiles(root, 'src'));
    const missing = all.filter(({to}) => to.startsWith('src/') && !files.has(to));
    expect(missing.map(where)).to.deep.equal([]);
    for (const kind of ['value', 'type', 'lazy'] as const)
      expect(all.filter((each) => each.kind === kind).length, kind).to.be.greaterThan(10);
  });

  it('points one way: commands, cli, config and gan, backends', () => expect(faults(all)).to.deep.equal([]));

  it('has no circle, of types neither; but what the Learner is made of is handed the Learner', () => {
    const others = all.filter(({kind, to}) => kind !== 'type' || to !== 'src/gan/learner.ts');
    expect(findCycle(others)?.join(' -> ')).to.equal(undefined);
  });

  it('uses packages that package.json names', () => {
    const {dependencies, devDependencies, peerDependencies, imports} = JSON.parse(
      readFileSync(path.join(root, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    const known = new Set([...Object.keys(dependencies!), ...Object.keys(imports!)]);
    const isKnown = (each: Import): boolean =>
      known.has(packageName(each.to)) ||
      // what a user may leave out is loaded when it is needed
      (each.kind !== 'value' && Object.hasOwn(peerDependencies!, packageName(each.to))) ||
      (isPage(each.from) && Object.hasOwn(devDependencies!, packageName(each.to)));
    const unknown = all.filter((each) => !each.to.startsWith('src/') && !each.to.startsWith('node:') && !isKnown(each));
    expect(unknown.map(where)).to.deep.equal([]);
  });

  it('the page of gan ui runs in a browser: of the rest it has random numbers, latents and the values of a configuration, and nothing of Node or tfjs', () => {
    const reached = [...reach(sourceFiles(root, 'src/ui/page'), all)];
    expect(reached.filter((file) => !/^src\/ui\/page\/|^uplot$/.test(file)).sort()).to.deep.equal([
      'src/gan/latents.ts',
      'src/gan/rng.ts',
      'src/options/flat-config.ts',
      'src/runs/evaluation-table.ts',
    ]);
  });

  it('the page of web exports runs in a browser: of the rest it has the exported graph, numbers of 16 bits, random numbers, latents and sizes, and nothing of Node', () => {
    const reached = [...reach(sourceFiles(root, 'src/ui/export-page'), all)].filter(
      (file) => !/^src\/(ui\/export-page|ui\/page\/(dom|class-sliders)\.ts$|gan\/export)|^@tensorflow\//.test(file),
    );
    expect(reached.sort()).to.deep.equal([
      'src/gan/io/float16.ts',
      'src/gan/latents.ts',
      'src/gan/rng.ts',
      'src/options/image-size.ts',
    ]);
  });

  it('the server of gan ui computes nothing: of the library it has the files of a run and the keys of its configuration', () => {
    const reached = [...reach(sourceFiles(root, 'src/ui/server'), all)].filter(
      (file) => file.startsWith('src/') && !file.startsWith('src/ui/server/'),
    );
    expect(reached.filter((file) => !file.startsWith('src/options/')).sort()).to.deep.equal([
      'src/errors.ts',
      'src/gan/classes.ts',
      'src/gan/io/append.ts',
      'src/gan/io/atomic-write.ts',
      'src/gan/io/read-file.ts',
      'src/gan/io/regular-file.ts',
      'src/gan/io/rename.ts',
      'src/runs/evaluations.ts',
      'src/runs/find-run.ts',
      'src/runs/metrics-log.ts',
      'src/runs/run-folder.ts',
      'src/system-error.ts',
    ]);
  });

  it('commands and the command line load the training library and tfjs only when a command runs', () => {
    const onDemand =
      /(write-images|deep-images|image-lines|write-nearest|write-animations|timelapse|first-batch|report\/[\w-]+)\.ts$/; // imported by run()
    const reached = reach(
      ['src/commands', 'src/cli'].flatMap((folder) => sourceFiles(root, folder)).filter((file) => !onDemand.test(file)),
      all,
    );
    expect([...reached].filter((file) => /^src\/(gan|backends)\//.test(file))).to.deep.equal([]);
  });

  describe('these tests refuse', () => {
    const sample = (from: string, to: string, kind: Import['kind'] = 'value'): Import => ({
      from,
      to,
      kind,
      line: 1,
      specifier: to,
    });
    const bad: Import[] = [
      sample('src/gan/learner.ts', 'src/cli/text/style.ts'),
      sample('src/gan/learner.ts', 'src/runs/devices/select.ts'),
      sample('src/gan/learner.ts', 'src/backends/device.ts'),
      sample('src/gan/learner.ts', 'src/plugin/registry.ts'),
      sample('src/gan/learner.ts', 'src/parts/losses/bce.ts', 'lazy'),
      sample('src/gan/learner.ts', '@tensorflow/tfjs-core', 'type'),
      sample('src/gan/learner.ts', 'lodash'),
      sample('src/backends/open.ts', 'src/gan/rng.ts'),
      sample('src/gan/learner.ts', 'src/runs/train.ts', 'type'),
      sample('src/gan/learner.ts', 'src/plugin/index.ts', 'type'),
      sample('src/plugin/registry.ts', 'src/gan/nn.ts'),
      sample('src/errors.ts', 'src/gan/rng.ts', 'type'),
      sample('src/config/resolve.ts', 'src/cli/text/style.ts'),
      sample('src/cli/text/style.ts', 'src/commands/fit.ts'),
      sample('src/commands/fit.ts', 'src/runs/train.ts'),
      sample('src/index.ts', 'src/commands/fit.ts'),
      sample('src/parts/exporters/onnx.ts', 'src/gan/export/tools.ts'),
      sample('src/parts/exporters/onnx.ts', 'src/gan/export/graph.ts', 'type'),
      sample('src/parts/sources/shapes.ts', 'src/gan/data/shapes.ts', 'lazy'),
      sample('src/parts/losses/bce.ts', 'src/errors.ts'),
      sample('src/ui/page/main.ts', 'src/ui/server/app.ts'),
      sample('src/ui/export-page/main.ts', 'src/ui/page/store.ts'),
      sample('src/ui/export-page/main.ts', 'src/ui/protocol.ts', 'type'),
      sample('src/ui/server/app.ts', 'src/ui/page/store.ts'),
      sample('src/new/thing.ts', 'src/gan/rng.ts'),
    ];
    for (const each of bad)
      it(`${each.from} ${each.kind} ${each.to}`, () => expect(fault(each)).to.contain(`${each.from}:1`));
    it('a circle', () =>
      expect(findCycle([sample('a', 'b'), sample('b', 'c'), sample('c', 'a')])).to.deep.equal(['a', 'b', 'c', 'a']));
    it('a circle through types', () =>
      expect(findCycle([sample('a', 'b'), sample('b', 'a', 'type')])).to.deep.equal(['a', 'b', 'a']));
    it('but none through what is imported when it is needed', () =>
      expect(findCycle([sample('a', 'b'), sample('b', 'a', 'lazy')])).to.equal(undefined));
  });
});

/** Files that are loaded with these, by imports of values. */
function reach(files: readonly string[], imports: readonly Import[]): Set<string> {
  const reached = new Set(files);
  for (const file of reached)
    for (const {from, to, kind} of imports) if (from === file && kind === 'value') reached.add(to);
  return reached;
}

describe('src/gan', () => {
  /** `console.log`, `process.argv` and the like, by the syntax tree: a comment may name them. */
  const forbidden = (file: string): string[] => {
    const source = parse(root, file);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
        const text = `${node.expression.text}.${node.name.text}`;
        if (/^(console\.|process\.(argv|stdout|stderr|stdin|exit|exitCode|env)$)/.test(text))
          found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} uses ${text}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  };

  it('reads no flags and no environment, prints nothing, ends no process', () => {
    expect(sourceFiles(root, 'src/gan').flatMap(forbidden)).to.deep.equal([]);
  });

  it('(the search finds such things where they are)', () => {
    expect(sourceFiles(root, 'src/cli').flatMap(forbidden).join()).to.contain('process.stderr');
  });
});

describe('tests', () => {
  // one build: a class of src beside the same of dist is another class, with registries of its own
  const ofSources = ({to}: Import): boolean => to.startsWith('src/') && !isPage(to);

  it('import what is built, not its sources', () => {
    const imports = readdirSync(path.join(root, 'test'), {withFileTypes: true})
      .filter((entry) => entry.isDirectory())
      .flatMap(({name}) => importsOf(root, `test/${name}`));
    expect(imports.length).to.be.greaterThan(500);
    expect(imports.filter(ofSources).map(({from, to}) => `${from} imports ${to}`)).to.deep.equal([]);
  });
});

describe('src/index.ts', () => {
  it('only re-exports', () => {
    const {statements} = parse(root, 'src/index.ts');
    const others = statements.filter((statement) => !(ts.isExportDeclaration(statement) && statement.moduleSpecifier));
    expect(others.map((statement) => statement.getText())).to.deep.equal([]);
    expect(statements.length).to.be.greaterThan(20);
  });
});

describe('plugins', () => {
  const names = readdirSync(path.join(root, 'plugins'));
  it('are there', () => expect(names).to.include('wasm'));

  for (const name of names) {
    const folder = `plugins/${name}`;
    it(`${name} imports its own files and dependencies, and of gan the public types only`, () => {
      const {dependencies = {}} = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>;
      };
      const isAllowed = ({to, kind}: Import): boolean =>
        to.startsWith(`${folder}/`) ||
        to.startsWith('node:') ||
        packageName(to) in dependencies ||
        (kind === 'type' && /^gankit\/(plugin|testing)$/.test(to));
      const imports = importsOf(root, `${folder}/src`);
      expect(imports.length).to.be.greaterThan(0);
      expect(imports.filter((each) => !isAllowed(each)).map(where)).to.deep.equal([]);
      expect(findCycle(imports)).to.equal(undefined);
    });
  }

  const assembly = names
    .map((name) => `plugins/${name}/assembly`)
    .filter((folder) => existsSync(path.join(root, folder)));
  it('with AssemblyScript there is one', () => expect(assembly).to.deep.equal(['plugins/wasm/assembly']));
  for (const folder of assembly) {
    it(`${folder} imports its own files and has no circle`, () => {
      const imports = importsOf(root, folder);
      const files = new Set(sourceFiles(root, folder));
      expect(imports.length).to.be.greaterThan(50);
      expect(imports.filter(({to}) => !files.has(to)).map(where)).to.deep.equal([]);
      expect(findCycle(imports)?.join(' -> ')).to.equal(undefined);
    });

    // prettier does not know AssemblyScript's decorators of functions
    it(`${folder} has lines of 120 columns at most`, () =>
      expect(
        sourceFiles(root, folder).flatMap((file) => longLines(file, readFileSync(path.join(root, file), 'utf8'))),
      ).to.deep.equal([]));
  }

  it('(the search finds a line that is too long)', () =>
    expect(longLines('x.ts', `${'a'.repeat(120)}\n${'b'.repeat(121)}\n`)).to.deep.equal(['x.ts:2 has 121 columns']));
});

const longLines = (file: string, text: string): string[] =>
  text.split('\n').flatMap((line, i) => (line.length > 120 ? [`${file}:${i + 1} has ${line.length} columns`] : []));
