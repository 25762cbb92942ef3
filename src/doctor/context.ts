import type {Finding} from '../backends/device.js';
import type {Registry} from '../plugin/registry.js';

export {bytesText} from '../system-limits.js';
export type {Finding} from '../backends/device.js';

/** The environment that the checks inspect. */
export interface DoctorContext {
  registry: Registry;
  /** The folder in which `gan fit` would make its runs. */
  cwd: string;
  /** GPUs that the system lists; undefined: not known. */
  gpus?: readonly string[] | undefined;
}

/** One check: cheap, in parallel with the others, loads no tfjs. */
export type DoctorCheck = (context: DoctorContext) => Finding[] | Promise<Finding[]>;

export const ok = (name: string, what: string): Finding => ({name, state: 'ok', what});
export const warning = (name: string, what: string, fix: string): Finding => ({name, state: 'warning', what, fix});
export const problem = (name: string, what: string, fix: string): Finding => ({name, state: 'problem', what, fix});
