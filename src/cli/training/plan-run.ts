import path from 'node:path';
import {existsSync} from 'node:fs';
import {dataName, dataSource} from '../../config/data.js';
import {resolveConfig, type ConfigRequest, type ResolvedConfig} from '../../config/resolve.js';
import {splitKey} from '../../config/assignments.js';
import {GanError, isGanError} from '../../errors.js';
import {quoted} from '../../system-error.js';
import {isAddress, publicAddress} from '../../address.js';
import type {Given} from '../../options/options-check.js';
import type {PartChoice} from '../../options/run-config.js';
import {shortName} from '../../plugin/names.js';
import {runsFolder} from '../../runs/find-run.js';
import type {RunLock} from '../../runs/run-lock.js';
import {flagOf, resumableKeys} from '../../options/config-keys.js';

export interface RunRequest extends ConfigRequest {
  /** The command's DATA. */
  data: string | undefined;
  out: string | undefined;
  /** The folder of the run to go on with. */
  resume: string | undefined;
  /** Of `--device`. */
  deviceName?: Given | undefined;
}

export interface RunPlan extends ResolvedConfig {
  /** The name of the run folder without its number; absent of a folder that the user names. */
  stem?: string;
  /** Takes the run folder, new or of the run to go on with, for this process alone. @throws GanError GAN_RUN_IN_USE */
  claim(): Promise<RunLock>;
}

/** The configuration and the folder of a new or a resumed run. */
export async function planRun({data, out, resume, deviceName, ...request}: RunRequest): Promise<RunPlan> {
  const flags = new Map(request.flags);
  if (resume !== undefined) {
    assertChangeable({out, ...request});
    const {RunFolder} = await import('../../runs/run-folder.js');
    const folder = new RunFolder(resume);
    await folder.configFile();
    const {assertNotInUse, lockRun} = await import('../../runs/run-lock.js');
    assertNotInUse(resume);
    const [file, values] = [folder.configPath, await folder.readConfig()];
    const images = data === undefined ? movedData(values.data, request) : {value: data, origin: 'DATA'};
    if (images) flags.set('data', {...images, blame: 'usage'});
    const resolved = await resolveConfig({...request, flags, file, values, ofRun: true}).catch((error: unknown) => {
      throw images ? error : withNewPlace(error, resume);
    });
    return {...resolved, claim: () => lockRun(resume)};
  }
  if (data !== undefined) flags.set('data', {value: data, origin: 'DATA', blame: 'usage'});
  const onGpu = async (backend: PartChoice): Promise<boolean> => {
    const {isOnGpu} = await import('../../runs/devices/open-backend.js');
    return isOnGpu(request.registry, {backend, ...(deviceName && {deviceName})});
  };
  const resolved = await resolveConfig({...request, flags, onGpu});
  const {assertUnused, claimFolder, claimNumbered} = await import('../../runs/claim-folder.js');
  if (out !== undefined) {
    assertUnused(out);
    return {...resolved, claim: () => claimFolder(out)};
  }
  // `runs/wgan-shapes-3`: the recipe without its package, the data, and the next number that is free
  const {recipe = 'run', config} = resolved;
  const stem = path.join(runsFolder, `${shortName(recipe)}-${dataName(config.data)}`);
  return {...resolved, stem, claim: () => claimNumbered(stem)};
}

/**
 * `GAN_DATA`, for a run whose images are not where they were, or need the keys of their address: as the variable is of
 * every training, not otherwise.
 */
function movedData(
  data: string,
  {env, set = []}: Pick<RunRequest, 'env' | 'set'>,
): Pick<Given, 'value' | 'origin'> | undefined {
  const value = env?.['GAN_DATA'];
  if (value === undefined || value === '' || set.some((text) => text.startsWith('data='))) return undefined;
  if (isAddress(data))
    return isAddress(value) && publicAddress(value) === data ? {value, origin: 'GAN_DATA'} : undefined;
  return dataSource(data) === undefined && !existsSync(data) ? {value, origin: 'GAN_DATA'} : undefined;
}

/** The images of a run are gone: says how to name their new place. */
function withNewPlace(error: unknown, resume: string): unknown {
  if (!isGanError(error) || error.code !== 'GAN_DATA_NOT_FOUND') return error;
  return new GanError(error.kind, error.code, error.message, {
    cause: error,
    suggestions: [
      `gan fit --resume ${quoted(resume)} --data DATA   if the images are elsewhere now: DATA is their new place.`,
    ],
  });
}

/** @throws GanError GAN_RESUME_CHANGE that names the flag */
function assertChangeable({out, file, flags, set}: Omit<RunRequest, 'data' | 'resume' | 'deviceName'>): void {
  const refuse = (what: string): never => {
    throw new GanError(
      'usage',
      'GAN_RESUME_CHANGE',
      `${what} cannot change when a run is resumed: the configuration comes from the run folder.`,
      {
        suggestions: [
          'Leave it out, or start a new run without --resume.',
          `Flags that can be used with --resume: ${resumableKeys.map((key) => `--${flagOf(key)}`).join(', ')}.`,
        ],
      },
    );
  };
  if (out !== undefined) refuse('--out');
  if (file !== undefined) refuse('--config');
  for (const [key, {origin}] of flags ?? []) if (!isResumable(key)) refuse(origin);
  for (const text of set ?? []) {
    const [key = ''] = text.split('=');
    if (key !== 'data' && !isResumable(key)) refuse(`--set ${key}`); // which data is looked at
  }
}

/** True if a key, or an option of its part, may change. */
const isResumable = (key: string): boolean => (resumableKeys as readonly string[]).includes(splitKey(key)[0]);
