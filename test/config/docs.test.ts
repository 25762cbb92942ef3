import {expect} from 'chai';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {scalarKeys, scalarSpecs} from '../../dist/options/config-keys.js';
import {describeSpec} from '../../dist/options/options-check.js';
import type {OptionSpec} from '../../dist/options/options.js';
import {root} from '../commands/helpers.js';

const read = (name: string): string => readFileSync(path.join(root, 'docs', name), 'utf8');

/** The table of keys, as docs/configuration.md must have it. */
function keyTable(): string {
  const rows = scalarKeys.map((key) => {
    const spec: OptionSpec = scalarSpecs[key];
    return `| \`${key}\` | ${describeSpec(spec)} | ${spec.default ?? 'none'} | ${spec.help} |`;
  });
  return ['| key | value | default without a recipe | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

describe('the documentation', () => {
  it('of configuration has the table of keys that the schema gives', () => {
    const [, table] = /<!-- keys: begin -->\n([\s\S]*?)\n?<!-- keys: end -->/.exec(read('configuration.md'))!;
    expect(table).to.equal(keyTable());
  });

  it('has the tables that follow from those of keys and kinds, each kind described (npm run snapshot writes them)', () => {
    expect(
      execFileSync(process.execPath, [path.join(root, 'scripts/doc-tables.mjs'), '--check'], {encoding: 'utf8'}),
    ).to.equal('');
    expect(read('plugins.md')).to.not.contain('TO BE WRITTEN');
  });
});
