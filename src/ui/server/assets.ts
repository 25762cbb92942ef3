import {readFile} from 'node:fs/promises';
import {GanError} from '../../errors.js';

/** The built page, also for a command that runs from its sources. */
const folder = new URL('../../../dist/ui/page/', import.meta.url);

/** Each address with its file and type. No other file of the folder is served. */
const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
} as const;

export type Assets = ReadonlyMap<string, {bytes: Uint8Array<ArrayBuffer>; type: string}>;

/** The files of the page, read once. @throws GanError GAN_UI_NOT_BUILT */
export async function loadAssets(): Promise<Assets> {
  try {
    return new Map(
      await Promise.all(
        Object.entries(files).map(
          async ([address, [name, type]]) =>
            [address, {bytes: new Uint8Array(await readFile(new URL(name, folder))), type}] as const,
        ),
      ),
    );
  } catch (cause) {
    throw new GanError('config', 'GAN_UI_NOT_BUILT', `the page cannot be read: ${(cause as Error).message}`, {
      suggestions: ['npm run build'],
      cause,
    });
  }
}
