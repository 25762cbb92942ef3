import {exitCodes, messageOf} from '../errors.js';
import {openRegistry, type KnownPlugin} from '../plugin/discover.js';
import {checkBackends} from './checks/backends.js';
import {checkDisk} from './checks/disk.js';
import {checkOfPlugins} from './checks/of-plugins.js';
import {checkGpu, findGpus} from './checks/gpu.js';
import {checkImages} from './checks/images.js';
import {checkMemory} from './checks/memory.js';
import {checkNode} from './checks/node.js';
import {checkPlugins} from './checks/plugins.js';
import {checkWasm} from './checks/wasm.js';
import {warning, type DoctorCheck, type DoctorContext, type Finding} from './context.js';

const checks: Record<string, DoctorCheck> = {
  node: () => checkNode(),
  memory: () => checkMemory(),
  webassembly: () => checkWasm(),
  gpu: ({gpus}) => checkGpu({gpus}),
  backends: checkBackends,
  images: checkImages,
  plugins: checkPlugins,
  'checks of plug-ins': checkOfPlugins,
  disk: (context) => checkDisk(context),
};

/** Everything that `gan doctor` looks at, in its order. Loads no tfjs and never throws. */
export async function examine(plugins: Iterable<KnownPlugin>, cwd: string, dataDir?: string): Promise<Finding[]> {
  return examineAll(checks, {registry: openRegistry(plugins, dataDir), cwd, gpus: findGpus()});
}

/** Runs checks side by side; one that fails itself is a warning. */
export async function examineAll(all: Record<string, DoctorCheck>, context: DoctorContext): Promise<Finding[]> {
  const findings = await Promise.all(
    Object.entries(all).map(async ([name, check]) => {
      try {
        return await check(context);
      } catch (error) {
        return [warning(name, `this check failed itself: ${messageOf(error)}`, 'please report it')];
      }
    }),
  );
  return findings.flat();
}

/**
 * The exit code: 0 when the default job can run, 4 when no backend can, 1 when something else keeps it from running.
 */
export function verdict(findings: readonly Finding[]): number {
  const problems = findings.filter(({state}) => state === 'problem');
  if (problems.length === 0) return exitCodes.ok;
  return problems.some(({name}) => name === 'backends') ? exitCodes.backend : exitCodes.bug;
}
