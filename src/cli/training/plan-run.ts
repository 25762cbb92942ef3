import {resolveConfig, type ConfigRequest, type ResolvedConfig} from '../../config/resolve.js';
import {GanError} from '../../errors.js';
import {assertUnused, nextRunFolder, runConfigFile} from '../run/run-folder.js';

export interface RunRequest extends ConfigRequest {
  /** The command's DATA. */
  data: string | undefined;
  out: string | undefined;
  /** The folder of the run to go on with. */
  resume: string | undefined;
}

export interface RunPlan extends ResolvedConfig {
  dir: string;
}

/** The keys that may change when a run is resumed: its length, what it writes and when, and its backend. */
const changeable: readonly string[] = [
  'epochs',
  'steps',
  'sampleEvery',
  'checkpointEvery',
  'keepCheckpoints',
  'keepBest',
  'tensorboard',
  'histogramEvery',
  'backend',
];

/** The configuration and the folder of a new or a resumed run. */
export async function planRun({data, out, resume, ...request}: RunRequest): Promise<RunPlan> {
  const flags = new Map(request.flags);
  if (resume !== undefined) {
    assertChangeable({data, out, ...request});
    const file = runConfigFile(resume);
    return {...(await resolveConfig({...request, file, ofRun: true})), dir: resume};
  }
  if (data !== undefined) flags.set('data', {value: data, origin: 'DATA', blame: 'usage'});
  const resolved = await resolveConfig({...request, flags});
  const dir = out ?? nextRunFolder(resolved);
  assertUnused(dir);
  return {...resolved, dir};
}

/** @throws GanError GAN_RESUME_CHANGE that names the flag */
function assertChangeable({data, out, file, flags, set}: Omit<RunRequest, 'resume'>): void {
  const refuse = (what: string): never => {
    throw new GanError(
      'usage',
      'GAN_RESUME_CHANGE',
      `${what} cannot change when a run is resumed: the configuration comes from the run folder.`,
      {
        suggestions: [
          'Leave it out, or start a new run without --resume.',
          'Flags that can be used with --resume: --epochs, --steps, --sample-every, --checkpoint-every, --keep-checkpoints, --keep-best, --tensorboard, --histogram-every, --backend.',
        ],
      },
    );
  };
  if (data !== undefined) refuse(`DATA (${data})`);
  if (out !== undefined) refuse('--out');
  if (file !== undefined) refuse('--config');
  for (const [key, {origin}] of flags ?? []) if (!changeable.includes(key)) refuse(origin);
  for (const text of set ?? []) {
    const [key = ''] = text.split('=');
    if (!changeable.includes(key) && !key.startsWith('backend.')) refuse(`--set ${key}`);
  }
}
