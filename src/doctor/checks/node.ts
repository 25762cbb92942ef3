import {ok, problem, type Finding} from '../context.js';

/** The same version as in `engines` of package.json. */
const oldest = [20, 19] as const;

/** Checks whether this Node is new enough. */
export function checkNode(version = process.versions.node): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
  const what = `Node ${version} on ${process.platform}-${process.arch}`;
  return [
    isOld
      ? problem('node', `${what}; ${oldest.join('.')} or newer is needed`, 'install a current Node: https://nodejs.org')
      : ok('node', what),
  ];
}
