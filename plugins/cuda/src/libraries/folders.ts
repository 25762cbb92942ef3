import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import type {Machine} from './machine.js';

/** Entries of a folder, sorted; none where there is no such folder. */
export function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/**
 * The folders in which the libraries may lie, the first first: those that the user names, the active Python
 * environment, the loader's own, CUDA toolkits, Python's packages elsewhere. Reads names of folders only.
 * @param named folders by option or GAN_CUDA_LIBS, separated like PATH
 */
export function libraryFolders(machine: Machine, named: readonly (string | undefined)[] = []): string[] {
  const {env, cwd, home, root, platform} = machine;
  const listed = (value: string | undefined): string[] =>
    (value ?? '').split(platform === 'win32' ? ';' : ':').filter((folder) => folder !== '');
  const given = (...keys: string[]): string[] => keys.flatMap((key) => env[key] ?? []);
  const bases = [
    ...[...named, env['GAN_CUDA_LIBS']].flatMap(listed),
    ...given('VIRTUAL_ENV', 'CONDA_PREFIX'),
    path.join(cwd, '.venv'),
    path.join(cwd, 'venv'),
  ];
  const toolkits = [...given('CUDA_PATH', 'CUDA_HOME', 'CUDNN_PATH', 'CUDNN_HOME'), ...systemToolkits(machine)];
  const cudnn = platform === 'win32' ? windowsCudnn(machine) : [];
  const python =
    platform === 'win32' ? windowsPythons(machine) : [path.join(home, '.local'), `${root}/usr/local`, `${root}/usr`];
  const all = [
    ...bases.flatMap((base) => inside(base, machine)),
    ...loaderFolders(machine),
    ...toolkits.flatMap((base) => inside(base, machine)),
    ...cudnn,
    ...python.flatMap((base) => wheels(base, machine)),
  ];
  return [...new Set(all)].filter((folder) => existsSync(folder));
}

/** The folders in which the loader of the system looks. */
export function loaderFolders({platform, env, root, arch}: Machine): string[] {
  if (platform === 'win32')
    return [
      path.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32'),
      ...(env['PATH'] ?? '').split(';').filter((folder) => folder !== ''),
    ];
  const triple = arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const configured = entries(`${root}/etc/ld.so.conf.d`)
    .filter((file) => file.endsWith('.conf'))
    .flatMap((file) =>
      readFileSync(`${root}/etc/ld.so.conf.d/${file}`, 'utf8')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.startsWith('/')),
    );
  const own = [
    '/usr/lib/wsl/lib', // under Windows its driver comes first: a package of the distribution may have one that finds no card
    ...configured,
    `/usr/lib/${triple}`,
    `/lib/${triple}`,
    '/usr/lib64',
    '/lib64',
    '/usr/lib',
    '/lib',
    '/usr/local/lib',
    '/usr/local/nvidia/lib64',
    '/run/opengl-driver/lib',
  ];
  return [
    ...(env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== ''),
    ...own.map((folder) => root + folder),
  ];
}

/** Toolkits where NVIDIA's installers put them, the newest version first. */
function systemToolkits(machine: Machine): string[] {
  const {platform, root} = machine;
  const base =
    platform === 'win32'
      ? path.join(programFiles(machine), 'NVIDIA GPU Computing Toolkit', 'CUDA')
      : `${root}/usr/local`;
  const versions = entries(base).filter((name) =>
    (platform === 'win32' ? /^v1[23]\./ : /^cuda(-1[23](\.\d+)?)?$/).test(name),
  );
  return newestFirst(versions).map((name) => path.join(base, name));
}

/** Names that end with versions: 9.10 is newer than 9.9. */
const newestFirst = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => b.localeCompare(a, 'en', {numeric: true}));

const programFiles = ({env}: Machine): string => env['ProgramFiles'] ?? 'C:\\Program Files';

/** Folders of cuDNN's installer for Windows: one for each version of CUDA, the newest first. */
function windowsCudnn(machine: Machine): string[] {
  const base = path.join(programFiles(machine), 'NVIDIA', 'CUDNN');
  return newestFirst(entries(base))
    .map((version) => path.join(base, version, 'bin'))
    .flatMap((bin) => newestFirst(entries(bin)).map((cuda) => path.join(bin, cuda)))
    .flatMap((folder) => [folder, path.join(folder, 'x64')]);
}

/** Where the installers of Python put the packages of a user and its own, for Windows. */
const windowsPythons = ({env}: Machine): string[] =>
  [
    [env['APPDATA'], 'Python'],
    [env['LOCALAPPDATA'], 'Programs', 'Python'],
  ].flatMap(([base, ...rest]) => {
    if (base === undefined) return [];
    const folder = path.join(base, ...(rest as string[]));
    return entries(folder).map((version) => path.join(folder, version));
  });

/** Folders with libraries in a toolkit, a Python environment, a folder of Python packages or a folder of libraries. */
function inside(base: string, machine: Machine): string[] {
  const {platform, arch} = machine;
  const target = `targets/${arch === 'arm64' ? 'sbsa' : 'x86_64'}-linux/lib`;
  const direct = platform === 'win32' ? ['', 'bin', 'bin/x64'] : ['', 'lib64', target, 'lib'];
  return [...direct.map((folder) => path.join(base, folder)), ...wheelFolders(base, machine), ...wheels(base, machine)];
}

/** The folders of the Python packages below a prefix. */
function wheels(prefix: string, machine: Machine): string[] {
  const sites =
    machine.platform === 'win32'
      ? ['Lib/site-packages', 'site-packages'].map((site) => path.join(prefix, site))
      : ['lib', 'lib64'].flatMap((lib) =>
          entries(path.join(prefix, lib))
            .filter((name) => name.startsWith('python3'))
            .flatMap((version) =>
              ['site-packages', 'dist-packages'].map((site) => path.join(prefix, lib, version, site)),
            ),
        );
  return sites.flatMap((site) => wheelFolders(site, machine));
}

/** nvidia/cudnn/lib and the like, also nvidia/cu13/lib, of a folder of Python packages. */
function wheelFolders(site: string, {platform}: Machine): string[] {
  const folders = platform === 'win32' ? ['bin', 'bin/x86_64', 'bin/x64'] : ['lib'];
  return entries(path.join(site, 'nvidia')).flatMap((name) =>
    folders.map((folder) => path.join(site, 'nvidia', name, folder)),
  );
}
