import {readFile} from 'node:fs/promises';
import {GanError} from '../../errors.js';
import type {Output} from '../text/style.js';
import {askTerminal} from './ask-terminal.js';
import {detectProtocol} from './detect.js';
import {pictureText, protocols, type Protocol, type TerminalPicture} from './protocol.js';

/** The values of `--pictures`. */
export const pictureChoices = ['auto', 'none', ...protocols] as const;
export type PictureChoice = (typeof pictureChoices)[number];

/** Longest side on the screen, pixels. */
const mostPixels = 640;
/** A fast training would fill the screen. */
const everyMs = 20_000;

/** @throws GanError GAN_USAGE (exit 2) */
export function parsePictures(given: string): PictureChoice {
  const choice = pictureChoices.find((each) => each === given);
  if (choice) return choice;
  throw new GanError('usage', 'GAN_USAGE', `pictures '${given}': wanted one of ${pictureChoices.join(', ')}.`);
}

/**
 * How sample grids are shown on `out`; undefined where they are not: off a terminal, in CI, and where the terminal does
 * not say that it can.
 */
export async function choosePictures(
  choice: PictureChoice,
  out: Output,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Protocol | undefined> {
  if (choice !== 'auto') return choice === 'none' ? undefined : choice;
  if (!out.isTTY || !process.stdin.isTTY || (env['CI'] ?? '') !== '') return undefined;
  return detectProtocol(env, askTerminal(process.stdin, out));
}

/** Shows sample grids between lines of text, at most one in 20 seconds. */
export class SamplePictures {
  readonly #protocol: Protocol;
  readonly #say: (text: string) => void;
  readonly #now: () => number;
  #last = -Infinity;
  #pending: Promise<void> = Promise.resolve();

  /** @param now milliseconds; for tests */
  constructor(protocol: Protocol, say: (text: string) => void, now: () => number = () => performance.now()) {
    this.#protocol = protocol;
    this.#say = say;
    this.#now = now;
  }

  /** Returns at once; a grid that cannot be read is left out. */
  show({step, path}: {step: number; path: string}): void {
    if (this.#now() - this.#last < everyMs) return;
    this.#last = this.#now();
    this.#pending = this.#pending
      .then(async () =>
        this.#say(`samples after step ${step}\n${await pictureText(this.#protocol, await readPicture(path))}`),
      )
      .catch(() => {});
  }

  /** Resolves when everything has been shown. */
  done(): Promise<void> {
    return this.#pending;
  }
}

/** The file as it is where it is not too large. */
async function readPicture(path: string): Promise<TerminalPicture> {
  const [file, {loadSharp}] = await Promise.all([readFile(path), import('../../gan/data/sharp.js')]);
  const sharp = await loadSharp();
  const {width, height} = await sharp(file).metadata();
  if (Math.max(width, height) <= mostPixels) return {png: file, width, height};
  const {data: png, info} = await sharp(file)
    .resize(mostPixels, mostPixels, {fit: 'inside'})
    .png()
    .toBuffer({resolveWithObject: true});
  return {png, width: info.width, height: info.height};
}
