import type {Device} from '../../backends/device.js';
import type {Surroundings} from '../../config/layers.js';
import type {Architecture} from '../../plugin/index.js';
import type {Registry} from '../../plugin/registry.js';
import {assignmentsOf} from '../flags/config-flags.js';
import {deviceOf} from '../flags/device-flag.js';
import {runConfigFile} from './run-folder.js';

/** The data of a trained run that commands use. */
export interface RunUse {
  registry: Registry;
  surroundings: Surroundings;
  /** The run folder. */
  run: string;
  flags: {backend?: string | undefined; device?: string | undefined};
}

/**
 * The architecture of a trained run and an open device, to be closed by the caller. Loads tfjs; other parts of the run, and its data,
 * may be missing.
 * @throws GanError GAN_RUN_NOT_FOUND (exit 5), and those of backends (4) and plug-ins (3)
 */
export async function openRun({
  registry,
  surroundings,
  run,
  flags,
}: RunUse): Promise<{architecture: Architecture; device: Device}> {
  const file = runConfigFile(run);
  const [{selectBackend}, {resolveConfig}, {createArchitecture, givenOptions}] = await Promise.all([
    import('../../runs/devices/select.js'),
    import('../../config/resolve.js'),
    import('../../config/parts.js'),
  ]);
  const {config, backend} = await resolveConfig({
    registry,
    ...surroundings,
    flags: assignmentsOf({backend: flags.backend}),
    file,
    ofRun: true,
    withoutData: true,
  });
  const {device} = await selectBackend(registry, backend.name, givenOptions(backend.options), deviceOf(flags));
  try {
    return {architecture: await createArchitecture(registry, config), device};
  } catch (error) {
    await device.close();
    throw error;
  }
}

/** Calls `use` with the architecture of a trained run while a device is open. @throws as `openRun` */
export async function withArchitecture<T>(run: RunUse, use: (architecture: Architecture) => Promise<T>): Promise<T> {
  const {architecture, device} = await openRun(run);
  try {
    return await use(architecture);
  } finally {
    await device.close();
  }
}
