import {GanError} from '../../errors.js';

/**
 * `1,5,9` as numbers.
 * @throws GanError GAN_USAGE for anything but whole numbers of at least 0, or fewer than `least` of them
 */
export function parseSeeds(text: string, least = 1): number[] {
  const seeds = text.split(',').map((each) => each.trim());
  const wrong = seeds.find((seed) => !/^\d+$/.test(seed) || !Number.isSafeInteger(Number(seed)));
  if (wrong === undefined && seeds.length >= least) return seeds.map(Number);
  const why = wrong === undefined ? `${least} are needed` : `${JSON.stringify(wrong)} is none`;
  throw new GanError(
    'usage',
    'GAN_USAGE',
    `--seeds ${text}: expected whole numbers of at least 0, separated by commas; ${why}.`,
    {suggestions: ['For example: --seeds 1,5,9']},
  );
}

/** @throws GanError GAN_USAGE for anything but a number above 0 */
export function parseTruncation(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new GanError('usage', 'GAN_USAGE', `--truncation ${text}: expected a number above 0.`, {
    suggestions: ['For example: --truncation 0.7'],
  });
}
