// The licences of the packages whose code a bundle holds.
import {readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';

/** The folder of the package that a bundled file belongs to. */
const packageOf = (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];

/**
 * @param root what the paths are relative to
 * @param output of a bundle, in esbuild's metafile
 * @returns name, version and licence of each package in it, with the text that the package brings
 */
export function noticesOf(root, {inputs}) {
  const files = Object.entries(inputs).filter(([file, {bytesInOutput}]) => bytesInOutput > 0 && !file.startsWith('('));
  const packages = [...new Set(files.map(([file]) => packageOf(file)).filter(Boolean))].sort();
  const notices = packages.map((folder) => {
    const {name, version, license} = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(path.join(root, folder)).find((each) => /^(licen[cs]e|copying)/i.test(each));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(path.join(root, folder, file), 'utf8').trim() : ''}`.trim();
  });
  return notices.join('\n\n---\n\n');
}
