/** Features of real images, kept in a folder, so that a network sees the same images once only. */
import {createHash} from 'node:crypto';
import {mkdir, stat} from 'node:fs/promises';
import path from 'node:path';
import {isGanError} from '../errors.js';
import {dataSource} from '../config/data.js';
import {openRecords} from '../gan/data/records/open.js';
import {isAddress} from '../address.js';
import type {HostTensor} from '../gan/data/types.js';
import {readSafetensors, writeSafetensors} from '../gan/io/safetensors.js';
import type {Features} from '../gan/metrics/features.js';
import {sha256OfState} from '../gan/metrics/fingerprint.js';
import type {StateDict} from '../gan/module.js';
import type {RunConfig} from '../options/run-config.js';

/** What cached features depend on. */
export interface FeatureKey {
  config: RunConfig;
  /** Options of the source that was read. */
  source: Readonly<Record<string, unknown>>;
  /** Images that the features are of. */
  count: number;
  /** The first of these images. */
  first: HostTensor;
  /** `identity` of the extractor. */
  extractor: string;
}

/**
 * The features that the folder keeps under a key, or those that `make` gives, which it keeps from then on. A file that
 * is damaged is made anew; one that cannot be written is done without.
 */
export async function cachedFeatures(
  folder: string,
  key: FeatureKey,
  make: () => Promise<Features>,
): Promise<Features> {
  const file = path.join(folder, 'features', `${await hashOf(key)}.safetensors`);
  const kept = await readKept(file);
  if (kept) return kept;
  const features = await make();
  const {count, size, data, classes, classCount} = features;
  const state: StateDict = new Map([['features', {dtype: 'F32', shape: [count, size], data}]]);
  if (classes) state.set('classes', {dtype: 'F32', shape: [count], data: Float32Array.from(classes)});
  try {
    await mkdir(path.dirname(file), {recursive: true});
    await writeSafetensors(file, state, {
      sha256: sha256OfState(state),
      ...(classCount !== undefined && {classCount: String(classCount)}),
    });
  } catch {
    // a full or read-only disk: the features are there all the same
  }
  return features;
}

async function readKept(file: string): Promise<Features | undefined> {
  try {
    const {tensors, metadata} = await readSafetensors(file);
    const [features, classes] = [tensors.get('features'), tensors.get('classes')];
    if (!features || metadata['sha256'] !== sha256OfState(tensors)) return undefined;
    const [count = 0, size = 0] = features.shape;
    return {
      count,
      size,
      data: features.data as Float32Array,
      ...(classes && {classes: Int32Array.from(classes.data as Float32Array)}),
      ...(metadata['classCount'] !== undefined && {classCount: Number(metadata['classCount'])}),
    };
  } catch (error) {
    if (isGanError(error)) return undefined; // missing or damaged
    throw error;
  }
}

/** Of files: names, sizes and times of change. Of all data: what is read of them, and the first images themselves. */
async function hashOf({config, source, count, first, extractor}: FeatureKey): Promise<string> {
  const {data, size, channels, resize, depth, decoding, validPct, seed} = config;
  const facts = {
    data,
    source,
    files: dataSource(data) === undefined ? await filesOf(data, decoding) : [],
    images: [size, channels, resize, decoding, validPct, seed, count, ...(depth === 8 ? [] : [depth])],
    extractor,
  };
  const {data: pixels} = first;
  return createHash('sha256')
    .update(JSON.stringify(facts))
    .update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
    .digest('hex');
}

/** The files that data lie in. */
async function filesOf(data: string, decoding: RunConfig['decoding']): Promise<(string | number)[][]> {
  const records = await openRecords(data, {decoding});
  const {files} = records;
  if (files.some(isAddress)) return [[JSON.stringify(await records.identify())]];
  return Promise.all(
    files.map(async (file) => {
      const {size, mtimeMs} = await stat(file);
      return [path.relative(data, file), size, mtimeMs];
    }),
  );
}
