import {readFileSync} from 'node:fs';
import {jsonLines} from '../commands/helpers.js';

/** The smallest run: 52 images of 16x16 in 6 batches of 8. */
export const tinyFlags: readonly string[] = [
  '--size',
  '16',
  '--set',
  'arch.nFeatures=4',
  '--set',
  'recipe=wgan', // so that --recipe may be given, too
  '--latent',
  '8',
  '--batch-size',
  '8',
  '--set',
  'source.count=52',
];

/** The steps of an output of `gan fit --json`: number, network, loss. */
export const stepsOf = (stdout: string): unknown[] =>
  jsonLines(stdout)
    .filter(({type}) => type === 'step')
    .map(({step, mode, loss}) => [step, mode, loss]);

export const json = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
