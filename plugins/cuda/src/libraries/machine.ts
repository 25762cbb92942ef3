import {homedir} from 'node:os';

/** The machine that the search inspects. Tests pass their own. */
export interface Machine {
  platform: NodeJS.Platform;
  arch: string;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
  /** Prefix of system paths such as `/usr/local/cuda`; empty for the real machine. */
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
