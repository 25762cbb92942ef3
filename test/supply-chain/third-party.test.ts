import {expect} from 'chai';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../commands/helpers.js';

interface ThirdParty {
  name: string;
  version: string;
  license?: string;
  scripts: boolean;
  optional: boolean;
}
const {productionPackages, faultOf, faults, installations, page} = (await import(
  path.join(root, 'scripts/third-party.mjs')
)) as {
  productionPackages(lock: object, from?: string): ThirdParty[];
  faultOf(one: ThirdParty): string | undefined;
  faults(): string[];
  installations(): Record<string, ThirdParty[]>;
  page(): string;
};

/** Of the default installation on one platform (docs/adr/0070). */
const mostPackages = 120;

describe('the packages of others', () => {
  it('are at most 120 in the default installation, without npm, yarn and koffi', () => {
    const names = installations()['gankit']!.map(({name}) => name);
    const everywhere = installations()['gankit']!.filter(({optional}) => !optional);
    expect(everywhere.length).to.be.greaterThan(50); // sharp adds two of those by platform
    expect(everywhere.length + 2).to.be.at.most(mostPackages);
    expect(names).to.include.members([
      '@oclif/core',
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-backend-wasm',
      'sharp',
    ]);
    for (const name of ['npm', 'yarn', 'koffi', 'webgpu', 'mocha', 'typescript']) expect(names).to.not.include(name);
  });

  it('have licences that are allowed, and no install scripts', () => {
    expect(faults()).to.deep.equal([]);
  });

  it('are listed in docs/third-party.md; after a change of a lock file: npm run third-party', () => {
    expect(readFileSync(path.join(root, 'docs/third-party.md'), 'utf8')).to.equal(page());
  });
});

describe('the check of packages', () => {
  const lock = {
    packages: {
      '': {dependencies: {a: '1', own: '1'}, devDependencies: {tool: '1'}},
      'node_modules/a': {
        version: '1.0.0',
        license: 'MIT',
        dependencies: {b: '2'},
        optionalDependencies: {c: '1', none: '1'},
      },
      'node_modules/a/node_modules/b': {version: '2.0.0', license: '(MIT OR GPL-3.0)'},
      'node_modules/b': {version: '1.0.0', license: 'GPL-3.0'},
      'node_modules/c': {version: '1.0.0', optional: true},
      'node_modules/tool': {version: '1.0.0', license: 'SSPL-1.0', dev: true},
      'node_modules/own': {resolved: 'plugins/own', link: true},
      'plugins/own': {dependencies: {d: '1'}},
      'node_modules/d': {version: '1.0.0', license: 'ISC', hasInstallScript: true},
    },
  };

  it('follows dependencies as Node finds them, through workspaces, without development', () => {
    expect(productionPackages(lock).map(({name, version}) => `${name} ${version}`)).to.deep.equal([
      'a 1.0.0',
      'b 2.0.0',
      'c 1.0.0',
      'd 1.0.0',
    ]);
    expect(productionPackages(lock, 'plugins/own').map(({name}) => name)).to.deep.equal(['d']);
  });

  it('finds a package without a licence, with another licence, and with an install script', () => {
    expect(productionPackages(lock).map(faultOf)).to.deep.equal([
      undefined,
      undefined,
      'c 1.0.0 has no licence',
      'd 1.0.0 has an install script',
    ]);
    expect(faultOf({name: 'b', version: '1.0.0', license: 'GPL-3.0', scripts: false, optional: false})).to.equal(
      'b 1.0.0 has the licence GPL-3.0, which is not among those that are allowed',
    );
    const lgpl = {version: '1.0.0', license: 'LGPL-3.0-or-later', scripts: false, optional: true};
    expect(faultOf({name: '@img/sharp-libvips-linux-x64', ...lgpl})).to.equal(undefined);
    expect(faultOf({name: 'other', ...lgpl})).to.contain('LGPL-3.0-or-later');
  });

  it('fails where the lock file lacks a package', () => {
    expect(() => productionPackages({packages: {'': {dependencies: {gone: '1'}}}})).to.throw(
      'the lock file has no gone',
    );
  });
});
