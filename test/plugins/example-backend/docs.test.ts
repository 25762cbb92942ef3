import {readFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {root} from '../../commands/helpers.js';
import {docsBlocks, type Block} from './docs-blocks.js';

function wanted({file, keys}: Block): string {
  const text = readFileSync(path.join(root, file), 'utf8');
  if (keys === undefined) return text;
  const json = JSON.parse(text) as Record<string, unknown>;
  return `${JSON.stringify(Object.fromEntries(keys.map((key) => [key, json[key]])), null, 2)}\n`;
}

describe('docs/backends.md', () => {
  it('shows the files of the example backend', () => {
    expect(docsBlocks.map(({file}) => path.basename(file))).to.deep.equal([
      'index.ts',
      'package.json',
      'tsconfig.json',
      'backend.test.ts',
    ]);
  });

  for (const one of docsBlocks) {
    it(`shows ${one.file} as it is`, () => expect(one.text).to.equal(wanted(one)));
  }
});
