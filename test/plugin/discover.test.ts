import {expect} from 'chai';
import path from 'node:path';
import {findPackages, openRegistry} from '../../dist/plugin/discover.js';
import {kindNames} from '../../dist/options/kinds.js';
import {folder, removeFolders, write} from './helpers.js';

const pjson = (name: string, more: object): string => JSON.stringify({name, version: '1.0.0', ...more});

describe('findPackages', () => {
  after(removeFolders);

  it("finds the root's own parts, then its plug-in dependencies, then those that oclif knows", () => {
    const root = folder();
    write(root, {
      'package.json': pjson('app', {
        gan: {api: 2},
        dependencies: {'gan-plugin-a': '*', lodash: '*'},
        optionalDependencies: {'@me/gan-plugin-b': '*', 'gan-plugin-absent': '*'},
      }),
      'node_modules/gan-plugin-a/package.json': pjson('gan-plugin-a', {gan: {api: 2}}),
      'node_modules/@me/gan-plugin-b/package.json': pjson('@me/gan-plugin-b', {gan: {api: 2}}),
      'node_modules/lodash/package.json': pjson('lodash', {gan: {api: 2}}),
      'elsewhere/package.json': pjson('stranger', {}),
    });
    const known = [
      {name: 'stranger', root: path.join(root, 'elsewhere'), pjson: {gan: {api: 2}}},
      {name: 'no-parts', root: path.join(root, 'elsewhere'), pjson: {}},
    ];
    expect(findPackages(root, known).map(({name}) => name)).to.deep.equal([
      'app',
      'gan-plugin-a',
      '@me/gan-plugin-b',
      'stranger',
    ]);
  });

  it('takes a package once, also when it is found in two ways', () => {
    const root = folder();
    write(root, {
      'package.json': pjson('app', {dependencies: {'gan-plugin-a': '*'}}),
      'node_modules/gan-plugin-a/package.json': pjson('gan-plugin-a', {gan: {api: 2}}),
    });
    const again = {name: 'gan-plugin-a', root: path.join(root, 'node_modules', 'gan-plugin-a'), pjson: {gan: {api: 2}}};
    expect(findPackages(root, [again])).to.have.length(1);
  });

  it('finds a dependency that is hoisted to a folder above', () => {
    const top = folder();
    write(top, {
      'node_modules/gankit/package.json': pjson('gankit', {dependencies: {'gan-plugin-a': '*'}}),
      'node_modules/gan-plugin-a/package.json': pjson('gan-plugin-a', {gan: {api: 2}}),
    });
    expect(findPackages(path.join(top, 'node_modules', 'gankit')).map(({name}) => name)).to.deep.equal([
      'gan-plugin-a',
    ]);
  });
});

describe('the built-in parts', () => {
  const registry = openRegistry();

  it('are declared without problems', () => expect(registry.problems).to.deep.equal([]));

  for (const kind of kindNames) {
    for (const name of registry.names(kind)) {
      it(`${kind} ${name} loads, with a summary that ends in a full stop and help for each option`, async () => {
        const {summary, options = {}} = await registry.load(kind, name);
        expect(summary).to.match(/^[A-Z].*\.$/);
        for (const [key, {help}] of Object.entries(options)) expect(help, key).to.match(/[a-z]{2}/);
      });
    }
  }
});
