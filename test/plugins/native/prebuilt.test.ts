import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {absence, findAddon, targetOf, type Host} from '../../../plugins/native/src/addon.js';
import {folder, removeFolders} from '../../plugin/helpers.js';

const host =
  (platform: string, arch: string, musl = false): (() => Host) =>
  () => ({platform, arch, musl});

/** A package with empty addons at these places. */
function packageWith(...places: string[]): string {
  const root = folder();
  for (const place of places) {
    mkdirSync(path.join(root, path.dirname(place)), {recursive: true});
    writeFileSync(path.join(root, place), '');
  }
  return root;
}

describe('native: the addon that is loaded', () => {
  after(removeFolders);

  const brought = ['linux-x64', 'linux-arm64', 'linux-x64-musl', 'linux-arm64-musl', 'darwin-arm64', 'win32-x64'];
  const places = brought.map((target) => `prebuilds/${target}/native.node`);

  it('is that of the platform, the architecture and the C library', () => {
    const root = packageWith(...places);
    const found = (...args: Parameters<typeof host>) => {
      const file = findAddon(root, host(...args));
      return file && path.relative(root, file).split(path.sep).join('/');
    };
    expect(found('linux', 'x64')).to.equal('prebuilds/linux-x64/native.node');
    expect(found('linux', 'x64', true)).to.equal('prebuilds/linux-x64-musl/native.node');
    expect(found('linux', 'arm64')).to.equal('prebuilds/linux-arm64/native.node');
    expect(found('linux', 'arm64', true)).to.equal('prebuilds/linux-arm64-musl/native.node');
    expect(found('darwin', 'arm64')).to.equal('prebuilds/darwin-arm64/native.node');
    expect(found('win32', 'x64')).to.equal('prebuilds/win32-x64/native.node');
    expect(found('darwin', 'x64')).to.equal(undefined);
    expect(found('linux', 'riscv64')).to.equal(undefined);
  });

  it('is the one that was compiled on this machine, if there is one', () => {
    const root = packageWith(...places, 'dist/native.node');
    expect(findAddon(root, host('linux', 'x64'))).to.equal(path.join(root, 'dist/native.node'));
    rmSync(path.join(root, 'dist/native.node'));
    expect(findAddon(root, host('linux', 'x64'))).to.equal(path.join(root, places[0]!));
  });

  it('is compiled for a release, for each platform that can be compiled for', () => {
    const [, targets] = /const targets = \{([^}]*)\}/.exec(readFileSync('plugins/native/build-kernels.mjs', 'utf8'))!;
    const [, released] = /for target in (.*); do/.exec(readFileSync('.github/workflows/release.yml', 'utf8'))!;
    const known = Array.from(targets!.matchAll(/'([\w-]+)':/g), ([, target]) => target);
    expect(known).to.have.length(7).and.to.have.members(released!.split(' '));
  });

  it('where it is missing, is compiled in a clone, and cannot be had from a package that has none for this system', () => {
    const clone = absence(packageWith('build-kernels.mjs'));
    expect(clone?.why).to.contain('no C++ compiler that could');
    expect(clone?.fix).to.contain('; until then --backend wasm');
    const installed = absence(packageWith('prebuilds/sunos-sparc/native.node'));
    expect(installed?.why).to.match(/^it brings no kernels for \w+-\w+(-musl)?$/);
    expect(installed?.fix).to.equal('--backend wasm');
  });

  it('is sought for this process by what Node says of itself', () => {
    const {glibcVersionRuntime} = (process.report.getReport() as {header: {glibcVersionRuntime?: string}}).header;
    const musl = process.platform === 'linux' && glibcVersionRuntime === undefined;
    const target = targetOf({platform: process.platform, arch: process.arch, musl});
    const root = packageWith(`prebuilds/${target}/native.node`);
    expect(findAddon(root)).to.equal(path.join(root, `prebuilds/${target}/native.node`));
    expect(findAddon(packageWith())).to.equal(undefined);
  });
});
