import {homedir} from 'node:os';

/** What the search looks at; tests give a machine of their own. */
export interface Machine {
  platform: NodeJS.Platform;
  arch: string;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
  /** Before the paths of the system, `/usr/local/cuda` and the like; empty for the real one. */
  root: string;
}

export const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  env: process.env,
  home: homedir(),
  cwd: process.cwd(),
  root: '',
});
