import {readFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {root} from '../../commands/helpers.js';

/** `<!-- FILE -->` or `<!-- FILE: KEYS of its JSON -->` before a block of code says what the block is. */
const block = /<!-- (\S+?)(?:: ([\w ]+))? -->\n```\w+\n([^]*?)```/g;

function wanted(file: string, keys: string | undefined): string {
  const text = readFileSync(path.join(root, file), 'utf8');
  if (keys === undefined) return text;
  const json = JSON.parse(text) as Record<string, unknown>;
  return `${JSON.stringify(Object.fromEntries(keys.split(' ').map((key) => [key, json[key]])), null, 2)}\n`;
}

describe('docs/backends.md', () => {
  const blocks = [...readFileSync(path.join(root, 'docs/backends.md'), 'utf8').matchAll(block)];

  it('shows three files of the example backend', () => {
    expect(blocks.map(([, file]) => path.basename(file!))).to.deep.equal(['index.ts', 'package.json', 'backend.test.ts']);
  });

  for (const [, file, keys, shown] of blocks) {
    it(`shows ${file} as it is`, () => expect(shown).to.equal(wanted(file!, keys)));
  }
});
