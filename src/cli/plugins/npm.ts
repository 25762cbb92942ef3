import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {GanError} from '../../errors.js';

export interface NpmOptions {
  /** The folder that npm works in. */
  cwd?: string;
  /** The address of a registry; npm's own setting where it is undefined. */
  registry?: string | undefined;
  /** npm's `--loglevel`. From `notice` on, what npm prints goes to stderr as well. Default `error`. */
  logLevel?: string;
  /** Lets packages run their install scripts. Default false. */
  allowScripts?: boolean;
}

/** npm ran and failed. */
export class NpmError extends Error {
  /** What npm printed, both streams. */
  readonly output: string;

  constructor(output: string, code: number | null) {
    super(npmMessage(output) || `npm ended with exit code ${code}`);
    this.output = output;
  }
}

/**
 * Runs the user's npm, without a shell.
 * @returns what it printed on stdout
 * @throws NpmError when npm fails, GanError GAN_NPM_MISSING (exit 3) where there is no npm
 */
export async function runNpm(
  args: readonly string[],
  {cwd, registry, logLevel = 'error', allowScripts = false}: NpmOptions = {},
): Promise<string> {
  const [program, ...first] = npmProgram();
  const flags = [
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    `--loglevel=${logLevel}`,
    ...(allowScripts ? [] : ['--ignore-scripts']),
    ...(registry === undefined ? [] : [`--registry=${registry}`]),
  ];
  const loud = !['silent', 'error', 'warn'].includes(logLevel);
  const child = spawn(program, [...first, ...args, ...flags], {
    cwd,
    // npm 11 runs no script that is not approved; by the environment, because older versions do not know the flag
    env: {...process.env, ...(allowScripts && {npm_config_dangerously_allow_all_scripts: 'true'})},
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const printed = {stdout: '', stderr: ''};
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
      if (loud) process.stderr.write(text);
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? npmMissing(cwd) : error));
    child.on('close', resolve);
  });
  if (code !== 0) throw new NpmError(printed.stderr + printed.stdout, code);
  return printed.stdout;
}

/**
 * The command that starts npm. On Windows `npm` is a batch file, which cannot be run without a shell: the script that
 * it runs is run instead.
 * @param env with PATH
 */
export function npmProgram(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  exists: (file: string) => boolean = existsSync,
): [program: string, ...args: string[]] {
  if (platform !== 'win32') return ['npm'];
  const {delimiter, dirname, join} = path.win32;
  const search = Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? '';
  for (const folder of [...search.split(delimiter).filter((each) => each !== ''), dirname(process.execPath)]) {
    const script = join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js');
    if (exists(join(folder, 'npm.cmd')) && exists(script)) return [process.execPath, script];
  }
  return ['npm.exe']; // some version managers have one
}

function npmMissing(cwd: string | undefined): Error {
  if (cwd !== undefined && !existsSync(cwd)) return new Error(`the folder ${cwd} does not exist`);
  return new GanError('config', 'GAN_NPM_MISSING', 'npm was not found. gan installs plug-ins with npm.', {
    suggestions: [
      'npm comes with Node from https://nodejs.org; in Debian and Ubuntu it is a package: apt install npm',
      'A plug-in whose packages are installed needs no npm: gan plugins link FOLDER --no-install',
    ],
  });
}

/** npm's error without its prefixes, where in npm it arose, and the place of its log. */
export function npmMessage(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => /^npm (error|ERR!)/.test(line))
    .map((line) => line.replace(/^npm (error|ERR!)/, '').trim())
    .map((line) => line.replace(/ \{$/, ''))
    .filter(
      (line) =>
        !/^$|^(code|errno|syscall|path|dest|type) |^\w+: ('.*'|.*,)$|^\}|^at |complete log of this run|-debug-\d/.test(
          line,
        ),
    );
  return [...new Set(lines)].slice(0, 8).join('\n');
}
