import {resolveConfig, type ConfigRequest, type ResolvedConfig} from '../../config/resolve.js';
import {splitKey} from '../../config/assignments.js';
import {GanError} from '../../errors.js';
import {flagOf, resumableKeys} from '../../options/config-keys.js';
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
      `${what} cannot be changed when a run goes on: its folder has the configuration.`,
      {
        suggestions: [
          'Leave it out, or start a new run without --resume.',
          `Possible with --resume: ${resumableKeys.map((key) => `--${flagOf(key)}`).join(', ')}.`,
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

/** Whether a key, or an option of its part, may change. */
const isResumable = (key: string): boolean => (resumableKeys as readonly string[]).includes(splitKey(key)[0]);
