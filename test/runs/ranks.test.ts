import {expect} from 'chai';
import {agree, type Inputs} from '../../dist/runs/ranks/agree.js';
import type {Ranks} from '../../dist/runs/ranks/ranks.js';
import {ganError} from '../gan-error.js';

type Facts = Inputs & {machine: Record<string, string>};

/** Ranks of which the last differs from the others. */
function ranksWith(change: (facts: Facts) => unknown): Ranks {
  const fake = {
    isFirst: true,
    collective: {hosts: ['node1', 'node2', 'node3']},
    async fromAll(facts: Facts) {
      const other = structuredClone(facts);
      change(other);
      return [facts, structuredClone(facts), other];
    },
  };
  return fake as unknown as Ranks;
}

const inputs: Inputs = {backend: 'native', packages: {gankit: '0.1.0', 'gan-plugin-native': '0.1.0'}};

describe('ranks that are to train together', () => {
  it('do so when they have the same', () =>
    agree(
      ranksWith(() => {}),
      inputs,
    ));

  for (const [what, change, message] of [
    [
      'another version of a plug-in',
      (it: Facts) => ((it.packages as Record<string, string>)['gan-plugin-native'] = '0.0.9'),
      'gan-plugin-native is 0.0.9, not 0.1.0',
    ],
    [
      'no such plug-in',
      (it: Facts) => delete (it.packages as Record<string, string>)['gan-plugin-native'],
      'gan-plugin-native is missing, not 0.1.0',
    ],
    ['another backend', (it: Facts) => (it.backend = 'wasm'), 'the backend is wasm, not native'],
    ['another processor', (it: Facts) => (it.machine['processor'] = 'mips'), 'processor is mips, not'],
  ] as const) {
    it(`are refused when one has ${what}, which is named with its machine`, async () => {
      const error = await ganError(() => agree(ranksWith(change), inputs));
      expect(error.code).to.equal('GAN_RANKS_DIFFER');
      expect(error.exitCode).to.equal(3);
      expect(error.message).to.contain('rank 2 on node3').and.contain(message).and.not.contain('rank 1');
    });
  }
});
