import type {Architecture} from '../plugin/index.js';
import type {Registry} from '../plugin/registry.js';
import {runConfigFile} from './run-folder.js';

/**
 * Calls `use` with the architecture of a trained run and an open device, which is closed afterwards. Loads tfjs; other parts of the run,
 * and its data, may be missing.
 * @throws GanError GAN_RUN_NOT_FOUND (exit 5), and those of backends (4) and plug-ins (3)
 */
export async function withArchitecture<T>(registry: Registry, run: string, backend: string, use: (architecture: Architecture) => Promise<T>): Promise<T> {
  const file = runConfigFile(run);
  const [{selectBackend}, {resolveConfig}, {createArchitecture}] = await Promise.all([
    import('../backends/select.js'), import('../config/resolve.js'), import('../config/parts.js'),
  ]);
  const {config} = await resolveConfig({registry, file, withoutData: true});
  const {device} = await selectBackend(registry, backend);
  try {
    return await use(await createArchitecture(registry, config));
  } finally {
    await device.close();
  }
}
