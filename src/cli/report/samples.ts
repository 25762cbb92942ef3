import {loadSharp} from '../../gan/data/sharp.js';
import {text} from './html.js';
import {messageOf} from '../../errors.js';
import type {RunFolderOptions, Sample} from '../../runs/run-folder.js';

/** Grids in a report: enough to see the way, few enough for a file that opens at once. */
const mostSamples = 24;
/** Longer side of a grid in the report, pixels. */
const mostPixels = 1200;

/** The sample grids over time: one picture and a slider with the script, all of them below each other without it. */
export async function samplesSection(
  samples: readonly Sample[],
  {warn = () => {}}: RunFolderOptions = {},
): Promise<string> {
  const shown: Sample[] = [];
  const figures: string[] = [];
  for (const sample of spread(samples, mostSamples)) {
    const {step, path} = sample;
    const image = await inlineImage(path).catch((error: unknown) => {
      warn(`${path} is left out, because it cannot be read: ${messageOf(error)}.`);
    });
    if (!image) continue;
    const {url, width, height} = image;
    shown.push(sample);
    figures.push(
      `<figure><img src="${url}" width="${width}" height="${height}" alt="Grid of images that the generator drew after step ${step}"><figcaption>after step ${step}</figcaption></figure>`,
    );
  }
  if (shown.length === 0) return '';
  const left = samples.length - shown.length;
  return `<section id="samples"><h2>Samples</h2>
<p class="note">Images from the same latents, as training went on.${left > 0 ? ` ${shown.length} of ${samples.length} grids.` : ''}</p>
<div class="viewer" data-steps="${text(JSON.stringify(shown.map(({step}) => step)))}">
<div class="controls" hidden><button type="button" aria-label="Play the samples">▶</button><input type="range" min="0" max="${shown.length - 1}" value="${shown.length - 1}" aria-label="Sample grid"><output></output></div>
<div class="grids">${figures.join('\n')}</div></div></section>`;
}

/** Returns at most `count` items, evenly spread, including the first and the last. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({length: count}, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!);
}

/** A picture as an address that holds it. */
export async function inlineImage(path: string): Promise<{url: string; width: number; height: number}> {
  const sharp = await loadSharp();
  const image = sharp(path).resize(mostPixels, mostPixels, {fit: 'inside', withoutEnlargement: true});
  const {data, info} = await image.webp({quality: 88, smartSubsample: true}).toBuffer({resolveWithObject: true});
  return {url: `data:image/webp;base64,${data.toString('base64')}`, width: info.width, height: info.height};
}
