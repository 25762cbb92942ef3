import {sizeWith} from '../../gan/data/common-facts.js';
import {sidesOf, sizeInWords, sizeText} from '../../options/image-size.js';
import type {RunConfig} from '../../options/run-config.js';
import type {RunData} from '../../runs/data.js';

/** Proportions that are worth a size of their own. */
const clear = 1.2;

const done: Readonly<Record<RunConfig['resize'], string>> = {
  crop: 'cuts off their ends',
  pad: 'fills up what they lack',
  squish: 'squeezes them',
};

/**
 * What the log says of the size of the images and their depth: of images that are not square, which number is which;
 * where nobody has chosen, what would keep more of most pictures.
 * @param isChosen whether somebody has set a key
 */
export async function imageLines(
  {size, resize, depth}: Pick<RunConfig, 'size' | 'resize' | 'depth'>,
  {commonFacts}: Pick<RunData, 'commonFacts'>,
  isChosen: (key: 'size' | 'depth') => boolean,
): Promise<string[]> {
  const lines = typeof size === 'number' ? [] : [`Images: ${sizeInWords(size)}`];
  const [asksSize, asksDepth] = [typeof size === 'number' && !isChosen('size'), depth === 8 && !isChosen('depth')];
  const facts = asksSize || asksDepth ? await commonFacts?.() : undefined;
  const ratio = facts?.proportions;
  if (asksSize && ratio !== undefined && Math.max(ratio, 1 / ratio) >= clear) {
    const [height, width] = sizeWith(ratio, sidesOf(size)[0]);
    const shape =
      ratio > 1 ? `${ratio.toFixed(2)} times as wide as tall` : `${(1 / ratio).toFixed(2)} times as tall as wide`;
    const isBetter = height !== width; // of fewer than 8 pixels a side there is none
    const advice = isBetter ? `; --size ${height}x${width} (height x width) keeps that shape` : '';
    lines.push(`Most pictures are ${shape}, and ${sizeText(size)} ${done[resize]}${advice}.`);
  }
  if (asksDepth && facts?.deep) lines.push('The pictures have more than 8 bits a channel; --depth 16 keeps them.');
  return lines;
}
