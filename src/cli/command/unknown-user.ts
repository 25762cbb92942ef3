import {homedir, userInfo} from 'node:os';

/**
 * In a container a process may run as a user whom the system does not know. Node then has no home for it and no shell,
 * and modules that ask for these when they are loaded would end every command. They get what such users have by
 * convention.
 */
export function nameUnknownUser(env: NodeJS.ProcessEnv = process.env): void {
  if (fails(homedir)) env['HOME'] = '/';
  if (env['SHELL'] === undefined && fails(userInfo)) env['SHELL'] = '/bin/sh';
}

function fails(ask: () => unknown): boolean {
  try {
    ask();
    return false;
  } catch {
    return true;
  }
}
