import {existsSync, readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {dataName} from '../../config/data.js';
import {resolveConfig, type ConfigRequest, type ResolvedConfig} from '../../config/resolve.js';
import {splitKey} from '../../config/assignments.js';
import {GanError} from '../../errors.js';
import type {Given} from '../../options/options-check.js';
import type {PartChoice} from '../../options/run-config.js';
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
  dir: string;
}

/** The configuration and the folder of a new or a resumed run. */
export async function planRun({data, out, resume, deviceName, ...request}: RunRequest): Promise<RunPlan> {
  const flags = new Map(request.flags);
  if (resume !== undefined) {
    assertChangeable({data, out, ...request});
    const {RunFolder} = await import('../../runs/run-folder.js');
    const folder = new RunFolder(resume);
    const values = await folder.readConfig();
    return {...(await resolveConfig({...request, file: folder.configPath, values, ofRun: true})), dir: resume};
  }
  if (data !== undefined) flags.set('data', {value: data, origin: 'DATA', blame: 'usage'});
  const onGpu = async (backend: PartChoice): Promise<boolean> => {
    const {isOnGpu} = await import('../../runs/devices/open-backend.js');
    return isOnGpu(request.registry, {backend, ...(deviceName && {deviceName})});
  };
  const resolved = await resolveConfig({...request, flags, onGpu});
  const dir = out ?? nextRunFolder(resolved);
  assertUnused(dir);
  return {...resolved, dir};
}

/** @throws GanError GAN_RESUME_CHANGE that names the flag */
function assertChangeable({data, out, file, flags, set}: Omit<RunRequest, 'resume' | 'deviceName'>): void {
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
  if (data !== undefined) refuse(`DATA (${data})`);
  if (out !== undefined) refuse('--out');
  if (file !== undefined) refuse('--config');
  for (const [key, {origin}] of flags ?? []) if (!isResumable(key)) refuse(origin);
  for (const text of set ?? []) {
    const [key = ''] = text.split('=');
    if (!isResumable(key)) refuse(`--set ${key}`);
  }
}

/** True if a key, or an option of its part, may change. */
const isResumable = (key: string): boolean => (resumableKeys as readonly string[]).includes(splitKey(key)[0]);

/** `runs/wgan-shapes-3`: the recipe, the data, and the next number that is free. */
export function nextRunFolder(
  {recipe = 'run', config}: Pick<ResolvedConfig, 'recipe' | 'config'>,
  cwd = process.cwd(),
): string {
  const stem = path.join('runs', `${recipe}-${dataName(config.data)}`);
  for (let n = 1; ; n++) {
    if (!existsSync(path.resolve(cwd, `${stem}-${n}`))) return `${stem}-${n}`;
  }
}

/** A new run must not write into what is there already. */
function assertUnused(dir: string): void {
  const stats = statSync(dir, {throwIfNoEntry: false});
  if (!stats) return;
  if (!stats.isDirectory())
    throw new GanError('usage', 'GAN_OUT_EXISTS', `${dir} is a file, not a folder.`, {
      suggestions: ['Choose another --out.'],
    });
  if (readdirSync(dir).length === 0) return;
  throw new GanError('usage', 'GAN_OUT_EXISTS', `The folder ${dir} is not empty.`, {
    suggestions: [`gan fit --resume ${dir}   continues the run in it`, 'Or choose another --out.'],
  });
}
