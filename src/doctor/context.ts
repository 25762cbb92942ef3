import type {Finding} from '../backends/device.js';
import type {Registry} from '../plugin/registry.js';

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

/** `3.2 GB`, `850 MB`. */
export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
