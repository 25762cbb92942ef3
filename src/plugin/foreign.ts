import {lstatSync, realpathSync, statSync} from 'node:fs';
import path from 'node:path';

/**
 * Why code at a place may be somebody else's: a file, or its folder, that belongs to another user (root apart), or that
 * every user can write. Undefined where it is the user's own, and where the system has no owners (Windows).
 */
export function foreignReason(file: string): string | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  const real = realpathSync(file);
  const places = new Set([file, real, path.dirname(file), path.dirname(real)]);
  for (const place of places) {
    const isFolder = statSync(place).isDirectory();
    const {uid: owner, mode} = isFolder ? statSync(place) : lstatSync(place);
    const what = place === file || place === real ? 'it' : `its folder ${place}`;
    if (owner !== uid && owner !== 0) return `${what} belongs to another user (uid ${owner})`;
    const [writable, sticky, isLink] = [(mode & 0o002) !== 0, (mode & 0o1000) !== 0, (mode & 0o170000) === 0o120000];
    if (writable && !isLink && !(isFolder && sticky)) return `every user of this machine can write ${what}`;
  }
  return undefined;
}
