/** Names that mean something else on Windows (learn.microsoft.com, "Naming Files, Paths, and Namespaces"). */
import path from 'node:path';
import {GanError} from '../../errors.js';

const device = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)/i;

/** Why Windows would not make a folder or a file of this name, or would make another; undefined of other names. */
function faultOf(name: string): string | undefined {
  if (device.test(name)) return `'${name}' is the name of a device`;
  if (/[. ]$/.test(name))
    return `Windows would leave out the ${name.endsWith('.') ? 'dot' : 'space'} at the end of '${name}'`;
  const [letter] = /[<>:"|?*\x00-\x1f]/.exec(name) ?? [];
  return letter === undefined ? undefined : `names must not have ${JSON.stringify(letter)}: '${name}'`;
}

/**
 * Refuses the path of something to be made that Windows would take for a device (`nul`), for a stream of a file
 * (`run:1`), or store under another name (`run.`). Does nothing on other systems.
 * @throws GanError GAN_PATH (exit 2)
 */
export function assertNotOfWindows(wanted: string, platform = process.platform): void {
  if (platform !== 'win32') return;
  const {root} = path.win32.parse(wanted);
  for (const name of wanted.slice(root.length).split(/[\\/]/)) {
    const why = /^\.{0,2}$/.test(name) ? undefined : faultOf(name);
    if (why !== undefined)
      throw new GanError('usage', 'GAN_PATH', `${wanted} cannot be made: ${why}`, {
        suggestions: ['Use another name: letters, digits, hyphens and dots inside it are fine.'],
      });
  }
}

/**
 * The path of a file below a folder, with `/` between names on every system: what is told or sorted by it is the same
 * everywhere.
 */
export const slashedBelow = (folder: string, file: string, {relative, sep} = path): string =>
  relative(folder, file).split(sep).join('/');
