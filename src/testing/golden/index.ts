/** Replays recordings of the real fastai (layers and whole trainings) on the current backend. */
import {readFile, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {GanError} from '../../errors.js';
import {readSafetensors} from '../../gan/io/safetensors.js';
import type {CaseResult} from './compare.js';
import {refuse} from './fields.js';
import {layerRecording, runLayerCase} from './layer-case.js';
import {runTraceCase} from './trace-case.js';
import {traceRecording} from './trace-recording.js';

export {passed, strain, worst, type CaseResult, type Deviation} from './compare.js';

/** Names of the recordings in a folder: those that have both tensors and a description. */
export async function goldenCases(dir: string): Promise<string[]> {
  const files = await readdir(dir).catch((error: unknown) => {
    throw new GanError('data', 'GAN_GOLDEN', `cannot read the recordings in ${dir}`, {cause: error});
  });
  const names = files
    .filter((file) => file.endsWith('.safetensors'))
    .map((file) => file.slice(0, -'.safetensors'.length));
  if (names.length === 0)
    throw new GanError('data', 'GAN_GOLDEN', `${dir} contains no recordings (NAME.safetensors with NAME.json)`);
  return names.sort();
}

/**
 * Replays one recording. tfjs must be ready, with the backend that is to be tested.
 * @throws GanError GAN_GOLDEN for a recording with a key that this runner does not know, or cannot honour
 */
export async function runGoldenCase(dir: string, name: string): Promise<CaseResult> {
  const file = join(dir, `${name}.json`);
  const recording = JSON.parse(await readFile(file, 'utf8')) as {kind?: unknown};
  const {tensors} = await readSafetensors(join(dir, `${name}.safetensors`));
  switch (recording.kind) {
    case 'layers':
      return runLayerCase(layerRecording(recording, file), tensors, file);
    case 'trace':
      return runTraceCase(traceRecording(recording, file), tensors, file);
    default:
      return refuse(file, `'kind' is ${JSON.stringify(recording.kind)}, wanted "layers" or "trace"`);
  }
}
