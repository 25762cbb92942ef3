import {statSync} from 'node:fs';
import path from 'node:path';
import {GanError} from '../errors.js';
import {isAddress, isLikeAddress, lastName, noAddress, publicAddress} from '../address.js';
import {show, type Given} from '../options/options-check.js';

/** The source of images: a data source part, or a folder or a file, such as an archive (absolute path, or address). */
export type DataChoice = {source: string} | {folder: string};

export const dataPrefix = 'builtin:';

/**
 * Reads `builtin:NAME` or a path; whether a file holds images is found out when it is read.
 * @throws GanError GAN_DATA_NOT_FOUND when there is neither a folder nor a file; GAN_CONFIG_VALUE for no data at all
 */
export function parseData({value, origin}: Given, cwd: string, mustExist = true): DataChoice {
  if (typeof value !== 'string' || value === '') {
    throw new GanError(
      'config',
      'GAN_CONFIG_VALUE',
      `data must be a path, an address or ${dataPrefix}NAME; ${origin} gives ${show(value)}.`,
    );
  }
  const source = dataSource(value);
  if (source !== undefined) return {source};
  if (isAddress(value)) return {folder: publicAddress(value)};
  const folder = path.resolve(cwd, value);
  if (!mustExist) return {folder};
  const stats = statSync(folder, {throwIfNoEntry: false});
  if (!stats && isLikeAddress(value)) throw noAddress(value);
  if (!stats?.isDirectory() && !stats?.isFile()) {
    throw new GanError(
      'data',
      'GAN_DATA_NOT_FOUND',
      `${stats ? 'This is neither a folder nor a file' : 'This folder does not exist'}: ${folder} (from ${origin}).`,
      {
        suggestions: [`Give a folder or an archive of images, or use the built-in images: ${dataPrefix}shapes`],
      },
    );
  }
  return {folder};
}

/** The value as in RunConfig.data. */
export const dataText = (choice: DataChoice): string =>
  'source' in choice ? dataPrefix + choice.source : choice.folder;

/** The NAME of `builtin:NAME`; undefined for a folder. */
export const dataSource = (data: string): string | undefined =>
  data.startsWith(dataPrefix) ? data.slice(dataPrefix.length) : undefined;

/** A short name for run folders: `shapes`, `my-photos`. */
export function dataName(data: string, {basename} = path): string {
  const name =
    dataSource(data)?.replace(/^.*:/, '') ??
    (isAddress(data) ? lastName(data).replace(/\{(\d+)\.\.\d+\}/, '$1') : basename(data)).replace(
      /\.(png|jpe?g|webp|gif|tiff?|avif|zip|tar|npy|npz|csv|tsv|jsonl?|bin|safetensors|parquet|mdb)$/i,
      '',
    );
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9._]+/g, '-')
      .replaceAll(/^[-.]+|-+$/g, '') || 'data'
  );
}
