import {expect} from 'chai';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from './helpers.js';

describe('the commands', () => {
  it('their arguments, flags and aliases are as written down in surface.json; after a deliberate change: npm run snapshot', () => {
    const now = execFileSync(process.execPath, [path.join(root, 'scripts/snapshot.mjs'), '--print'], {
      encoding: 'utf8',
    });
    expect(JSON.parse(now)).to.deep.equal(
      JSON.parse(readFileSync(path.join(root, 'test/commands/surface.json'), 'utf8')),
    );
  });

  it('have a summary, examples, --json and --quiet each', () => {
    const {commands} = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, {hidden?: boolean; summary?: string; examples?: unknown[]; flags: object}>;
    };
    for (const [id, {hidden, summary, examples = [], flags}] of Object.entries(commands)) {
      if (hidden) continue;
      expect(summary, id).to.match(/^[A-Z].*\.$/);
      expect(examples, id).to.not.have.length(0);
      expect(flags, id).to.include.keys('json', 'quiet');
    }
  });
});
