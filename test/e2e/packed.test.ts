import {expect} from 'chai';
import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';
import ts from 'typescript';
import {root} from '../commands/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';

const run = promisify(execFile);

/** As in a shell of its own: without what `npm test` tells its children, and without colours. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_OPTIONS$|^FORCE_COLOR$/i.test(name)),
);

type Manifest = Record<string, unknown> & {name: string; version: string; gan?: Record<string, unknown>};
const manifest = (dir: string): Manifest =>
  JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as Manifest;

interface Packed {
  tarball: string;
  files: string[];
  manifest: Manifest;
}

async function pack(dir: string, to: string): Promise<Packed> {
  // it is built already
  const {stdout} = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', to], {cwd: dir, env});
  const [{filename, files}] = JSON.parse(stdout) as [{filename: string; files: {path: string}[]}];
  return {tarball: path.join(to, filename), files: files.map((file) => file.path), manifest: manifest(dir)};
}

const native = path.join(root, 'plugins/native');
/** Where a release has kernels for each platform (.github/workflows/release.yml). */
const platforms = [
  'linux-x64',
  'linux-arm64',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
];

/** The native plug-in as a release packs it; the kernels that were compiled here stand for those of each platform. */
async function packWithKernels(to: string): Promise<Packed> {
  const release = path.join(to, 'release');
  const plugin = path.join(release, 'plugins/native');
  write(release, {
    'package.json': '{"private": true, "workspaces": ["plugins/native"]}',
    '.gitignore': readFileSync(path.join(root, '.gitignore'), 'utf8'), // it names the kernels
  });
  cpSync(native, plugin, {
    recursive: true,
    filter: (file) => !/node_modules|prebuilds/.test(path.relative(native, file)),
  });
  for (const platform of platforms) {
    mkdirSync(path.join(plugin, 'prebuilds', platform), {recursive: true});
    cpSync(path.join(native, 'dist/native.node'), path.join(plugin, 'prebuilds', platform, 'native.node'));
  }
  return pack(plugin, to);
}

/** Every path of package.json that begins with `./`. */
function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

/** Limits of an installation (docs/adr/0070). The megabytes are those beside tfjs, which has 61, and the kernels. */
const most = {packages: 120, megabytes: 45, megabytesOfKernels: 10};

/** What is installed when wanted. */
const isOptional = ({manifest: {name}}: Packed): boolean => name === 'gan-plugin-cuda' || name === 'gan-plugin-mpi';

function megabytes(folder: string): number {
  const sizes = readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(path.join(entry.parentPath, entry.name)).size);
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}

describe('what would be published', () => {
  let project: string;
  let packed: Packed[];
  const hasKernels = existsSync(path.join(native, 'dist/native.node'));
  before(async function () {
    const to = folder();
    packed = [];
    for (const part of ['.', ...(manifest(root)['workspaces'] as string[])]) {
      const dir = path.join(root, part);
      packed.push(await (dir === native && hasKernels ? packWithKernels(to) : pack(dir, to)));
    }

    project = path.join(to, 'project');
    mkdirSync(project);
    write(project, {'package.json': '{"private": true, "type": "module"}'});
    try {
      await run(
        'npm',
        [
          'install',
          '--prefer-offline',
          '--no-audit',
          '--no-fund',
          // what a user gets
          ...packed.filter((each) => !isOptional(each)).map(({tarball}) => tarball),
        ],
        {cwd: project, env},
      );
    } catch (error) {
      const {stderr} = error as {stderr: string};
      if (env['CI'] !== undefined || !/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENOTCACHED/.test(stderr)) throw error;
      console.log(
        `    skipped: the registry of npm cannot be reached and its packages are not in the cache\n${stderr}`,
      );
      this.skip();
    }
  });
  after(removeFolders);

  it('is what is needed, and nothing else', () => {
    for (const {
      files,
      manifest: {name},
    } of packed) {
      const wanted =
        /^(package\.json|assets\/(emoji\.webp|LICENSE\.txt)|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|bin\/(run\.js|package\.json)|build-addon\.mjs|docs\/.*\.md|plugins\/example-(parts|backend)\/([\w-]+\.(json|md)|LICENSE|(src|test)\/.*\.ts|\.github\/workflows\/test\.yml)|kernels\/[\w-]+\.cuh?|prebuilds\/[\w-]+\/native\.node|test\/golden\/recordings\/\w+\.(json|safetensors)|oclif\.manifest\.json|dist\/gan\.schema\.json|docs\/images\/[\w-]+\.(svg|png)|dist\/ui\/page\/(index\.html|page\.css|icon\.svg)|dist\/ui\/export-page\/(index\.html|page\.css|THIRD-PARTY\.txt)|dist\/vendor\/(oclif\.cjs|tf-gradients\.cjs|THIRD-PARTY\.txt)|dist\/.*\.(js|js\.map|d\.ts|wasm))$/;
      expect(
        files.filter((file) => !wanted.test(file)),
        name,
      ).to.deep.equal([]);
      expect(files, name).to.include.members([
        'package.json',
        'README.md',
        'LICENSE',
        'dist/index.js',
        'dist/index.d.ts',
      ]);
    }
  });

  it('has every file that its package.json names', () => {
    for (const {
      files,
      manifest: {name, exports, imports, gan, bin, oclif},
    } of packed) {
      const named = pathsIn({exports, imports, gan, bin, oclif});
      expect(named.length, name).to.be.greaterThan(0);
      expect(
        named.filter((file) => !files.some((each) => each === file || each.startsWith(`${file}/`))),
        name,
      ).to.deep.equal([]);
    }
  });

  it('brings few packages, of which none has an install script', () => {
    const {packages} = JSON.parse(readFileSync(path.join(project, 'node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, {hasInstallScript?: boolean}>;
    };
    const others = Object.entries(packages).filter(([place]) => !place.endsWith('node_modules/gankit')); // it has `prepare`
    expect(others.length + 1).to.be.within(50, most.packages);
    expect(others.filter(([, {hasInstallScript}]) => hasInstallScript).map(([place]) => place)).to.deep.equal([]);
    for (const event of ['preinstall', 'install', 'postinstall'])
      expect(packed[0]!.manifest['scripts']).to.not.have.property(event);
    const modules = path.join(project, 'node_modules');
    const all = megabytes(modules);
    const tfjs = megabytes(path.join(modules, '@tensorflow'));
    expect(tfjs).to.be.greaterThan(10);
    const brought = path.join(modules, 'gan-plugin-native/prebuilds');
    const kernels = existsSync(brought) ? megabytes(brought) : 0;
    const sizes = `${all.toFixed(1)} MB, of which tfjs is ${tfjs.toFixed(1)}, kernels ${kernels.toFixed(1)}`;
    expect(all - tfjs - kernels, sizes).to.be.at.most(most.megabytes);
    expect(kernels, sizes).to.be.at.most(most.megabytesOfKernels);
  });

  it('needs no package that it does not install', async () => {
    let count = 0;
    for (const {
      files,
      manifest: {name},
    } of packed.filter((each) => !isOptional(each))) {
      const dir = path.join(project, 'node_modules', name);
      const {peerDependenciesMeta = {}} = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as {
        peerDependenciesMeta?: Record<string, {optional?: boolean}>;
      };
      const scripts = files.filter((file) => /^dist\/.*\.js$/.test(file) && !file.includes('/vendor/'));
      const specifiers = scripts.flatMap((file) =>
        ts
          .preProcessFile(readFileSync(path.join(dir, file), 'utf8'), true, true)
          .importedFiles.map(({fileName}) => fileName)
          .filter((each) => !/^[.#]/.test(each)),
      );
      const packages = new Set(
        specifiers
          .filter((each) => !each.startsWith('node:'))
          .map((each) =>
            each
              .split('/')
              .slice(0, each.startsWith('@') ? 2 : 1)
              .join('/'),
          ),
      );
      count += packages.size;
      // what is optional is asked for where it is used, with an error that says how to install it
      for (const each of packages)
        if (!peerDependenciesMeta[each]?.optional)
          expect(existsSync(path.join(project, 'node_modules', each)), `${name} imports ${each}`).to.equal(true);
    }
    expect(count).to.be.greaterThan(0);
  });

  it('can be imported by each of its names', async () => {
    write(project, {
      'imports.js': `
      import * as gan from 'gankit';
      import * as plugin from 'gankit/plugin';
      import * as testing from 'gankit/testing';
      import {createRequire} from 'node:module';
      const {version} = createRequire(import.meta.url)('gankit/package.json');
      console.log(JSON.stringify({gan: Object.keys(gan), plugin: Object.keys(plugin), testing: Object.keys(testing), version}));`,
    });
    const {stdout, stderr} = await run(process.execPath, ['imports.js'], {cwd: project, env});
    const names = JSON.parse(stdout) as Record<string, string[] | string>;
    expect(names['gan']).to.include.members(['GANLearner', 'basicGenerator', 'ganCritic', 'openBackend', 'GanError']);
    expect(names['plugin']).to.include('apiVersion');
    expect(names['testing']).to.not.have.length(0);
    expect(names['version']).to.equal(packed[0]!.manifest.version);
    expect(stderr).to.equal('');
  });

  it('works as a library', async () => {
    write(project, {
      'library.js': `
      import {basicCritic, openBackend, tf} from 'gankit';
      const device = await openBackend('wasm');
      const scores = basicCritic(64, 3, {nFeatures: 4}).forward(tf.randomNormal([2, 64, 64, 3]));
      console.log(scores.shape.join());
      await device.close();`,
    });
    expect((await run(process.execPath, ['library.js'], {cwd: project, env})).stdout).to.equal('2,1\n');
  });

  it('has types that a strict project accepts, with those of its dependencies checked, too', async () => {
    const examples = readdirSync(path.join(root, 'examples')).filter((file) => file.endsWith('.ts'));
    for (const file of examples) write(project, {[file]: readFileSync(path.join(root, 'examples', file), 'utf8')});
    write(project, {
      'types.ts': `
      import {GANLearner, loadRun, penalties, type Device, type Penalty} from 'gankit';
      import type {Gan} from 'gankit/plugin';
      export * as testing from 'gankit/testing';
      export const part = ({switcher, opt}: Gan) => switcher({name: 'x', summary: 'y', options: {n: opt.int(2)}, create: ({n}) => ({run}) => (run < n ? 'critic' : 'generator')});
      export const close = (device: Device): Promise<void> | void => device.close();
      export const r1: Penalty & {name: string} = penalties.r1({gamma: 1});
      export const shape = async (): Promise<number[]> => (await loadRun('runs/x').generate({n: 4, seed: 1})).shape;
      // @ts-expect-error the data come first
      GANLearner.wgan();
      // @ts-expect-error an option that it does not have
      penalties.r1({weight: 1});`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          strict: true,
          noUncheckedIndexedAccess: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          target: 'es2022',
          lib: ['es2023'],
          module: 'nodenext',
          types: ['node'],
          typeRoots: [path.join(root, 'node_modules/@types')],
        },
        files: ['types.ts', ...examples],
      }),
    });
    const {stdout} = await run(
      process.execPath,
      [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'],
      {cwd: project, env},
    ).catch((error: {stdout: string}) => error);
    expect(stdout).to.equal('');
  });

  describe('the examples', () => {
    const example = async (name: string): Promise<string> =>
      (await run(process.execPath, [`${name}.js`], {cwd: project, env})).stdout;

    it('train, evaluate and export a run, and are those of docs/library.md', async () => {
      const source = readFileSync(path.join(root, 'examples/runs.ts'), 'utf8');
      expect(source.trim().split('\n').length).to.be.at.most(15);
      const guide = readFileSync(path.join(root, 'docs/library.md'), 'utf8');
      expect(guide).to.contain(`\`\`\`ts\n${source}\`\`\``);
      for (const file of readdirSync(path.join(root, 'examples'))) expect(guide).to.contain(`(../examples/${file})`);
      expect(await example('runs')).to.match(
        /^20 steps, sliced Wasserstein distance 0\.\d+, weights in runs\/example\/weights\.safetensors\n$/,
      );
      expect(statSync(path.join(project, 'runs/example/weights.safetensors')).size).to.be.greaterThan(10_000);
    });

    it("train the WGAN of fastai's documentation", async () => {
      expect(await example('wgan')).to.match(
        /^epoch +train_loss +gen_loss +crit_loss +time\n0( +-?\d+\.\d{6}){3} +\d\d:\d\d\n$/,
      );
      expect(statSync(path.join(project, 'wgan.png')).size).to.be.greaterThan(500);
    });

    it('train for super-resolution with pairs', async () => {
      expect(await example('super-resolution')).to.match(
        /3,235 parameters[^]*learning rate \d\.\de-\d[^]*accuracy[^]*crit_loss/,
      );
      expect(statSync(path.join(project, 'super-resolution.png')).size).to.be.greaterThan(500);
    });

    it("train with a loss and a callback of one's own", async () => {
      expect(await example('custom-loss')).to.match(
        /^epoch 0: gen_loss [\d.]+\nepoch 1: gen_loss [\d.]+\nthe best is in runs\/custom\/models\/best\n$/,
      );
    });

    it('train in a worker thread, which the main thread ends', async () => {
      expect(await example('worker')).to.match(
        /^step 5: loss -?[\d.]+\nstep 10: loss -?[\d.]+\n[^]*the worker ended with 0\n$/,
      );
    });

    it('serve images of a run over HTTP', async () => {
      const server = spawn(process.execPath, ['server.js', 'runs/example'], {cwd: project, env});
      try {
        const [line] = (await once(server.stdout, 'data')) as [Buffer];
        const url = line.toString().trim();
        const image = async (query: string) => Buffer.from(await (await fetch(`${url}?${query}`)).arrayBuffer());
        const png = await image('seed=3&n=4');
        expect(png.subarray(1, 4).toString()).to.equal('PNG');
        expect([png.readUInt32BE(16), png.readUInt32BE(20)]).to.deep.equal([38, 38]);
        expect(await image('seed=3&n=4')).to.deep.equal(png);
        expect(await image('seed=4&n=4')).to.not.deep.equal(png);
        expect((await fetch(`${url}?n=0`)).status).to.equal(400);
      } finally {
        server.kill();
      }
    });
  });

  it('works as a command', async () => {
    const npx = (...args: string[]) => run('npx', ['--no', '--', 'gankit', ...args], {cwd: project, env});
    expect((await npx('--version')).stdout).to.match(new RegExp(`^gankit/${packed[0]!.manifest.version} `));
    const {stdout} = await npx(
      'fit',
      '--size',
      '16',
      '--n-features',
      '4',
      '--latent',
      '8',
      '--batch-size',
      '8',
      '--steps',
      '2',
      '--out',
      'run',
    );
    expect(stdout).to.match(/^run folder +run$/m);
    await npx('generate', 'run', '--n', '4', '--out', 'images.png');
    expect(existsSync(path.join(project, 'images.png'))).to.equal(true);
    expect((await npx('fit', '--help', '--all')).stdout).to.contain('ARCHITECTURES');
  });

  it('brings kernels for each platform, which train where there is no compiler; elsewhere it says so', async function () {
    if (!hasKernels) {
      console.log('      skipped: no kernels were compiled here');
      this.skip();
    }
    const {files} = packed.find(({manifest: {name}}) => name === 'gan-plugin-native')!;
    expect(files.filter((file) => file.endsWith('.node'))).to.have.members(
      platforms.map((platform) => `prebuilds/${platform}/native.node`),
    );
    const gan = (...args: string[]) =>
      run(process.execPath, [path.join(project, 'node_modules/gankit/bin/run.js'), ...args], {
        cwd: project,
        env: {...env, PATH: path.join(project, 'no-programs'), CXX: 'none'},
      }).catch((error: {code: number; stdout: string; stderr: string}) => error);
    const fit = (backend: string) =>
      gan('fit', '--backend', backend, ...'--size 16 --n-features 4 --latent 8 --batch-size 8 --steps 2'.split(' '));
    const doctor = await gan('doctor');
    expect(doctor.stdout).to.match(/backend native +can run, isa \w+/);
    const trained = await fit('auto');
    expect(`${trained.stdout}${trained.stderr}`).to.match(/^Training in \S+ on native/m);

    const brought = path.join(project, 'node_modules/gan-plugin-native/prebuilds');
    renameSync(brought, `${brought}.away`);
    const refused = await fit('native');
    expect(refused).to.include({code: 4});
    expect(refused.stderr).to.match(/native: it brings no kernels for \w+-\w+/);
    expect((await gan('doctor')).stdout).to.match(/backend native +it brings no kernels for \w+-\w+/);
    const other = await fit('auto');
    expect(`${other.stdout}${other.stderr}`).to.match(/^Training in \S+ on wasm; .*not native: it brings no kernels/m);
    renameSync(`${brought}.away`, brought);
  });

  it('tells how to install the CUDA backend, which works from then on', async () => {
    const data = path.join(project, 'plug-ins');
    const gan = (...args: string[]) =>
      run(process.execPath, [path.join(project, 'node_modules/gankit/bin/run.js'), ...args], {
        cwd: project,
        env: {
          ...env,
          GAN_DATA_DIR: data,
          GAN_CACHE_DIR: path.join(project, 'cache'),
          npm_config_prefer_offline: 'true',
        },
      }).catch((error: {code: number; stdout: string; stderr: string}) => error);
    const missing = await gan('fit', '--backend', 'cuda', '--out', 'run-cuda');
    expect(missing).to.include({code: 4});
    expect(missing.stderr).to.contain('GAN_NOT_INSTALLED').and.contain('gan plugins install gan-plugin-cuda');
    const cuda = packed.find(({manifest: {name}}) => name === 'gan-plugin-cuda')!;
    const installed = await gan('plugins', 'install', cuda.tarball);
    expect(installed.stdout, installed.stderr).to.contain('gan-plugin-cuda 0.1.0: backend cuda');
    const {stdout} = await gan('backends', '--json');
    const line = stdout.split('\n').find((each) => each.includes('"cuda"'))!;
    expect(JSON.parse(line)).to.deep.include({name: 'cuda', package: 'gan-plugin-cuda', version: '0.1.0'});
    expect((JSON.parse(line) as {state: string}).state).to.not.equal('not-installed');
  });
}).timeout(300_000);
