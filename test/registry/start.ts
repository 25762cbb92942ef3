/** A registry on loopback, as npm knows it: verdaccio, which hands on what it does not have from the real one. */
import {execFile, spawn} from 'node:child_process';
import {existsSync, mkdirSync} from 'node:fs';
import {createServer} from 'node:net';
import path from 'node:path';
import {promisify} from 'node:util';
import {root} from '../commands/helpers.js';
import {folder, write} from '../plugin/helpers.js';

const run = promisify(execFile);
const home = path.join(root, 'test/registry');

export interface RegistryServer {
  url: string;
  /** For npm and for gan: this registry, and nothing of the settings of the tests' own npm. */
  env: Record<string, string>;
  /** Publishes a folder, as it is built. */
  publish(dir: string): Promise<void>;
  stop(): void;
}

const withoutNpm = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_OPTIONS$|^FORCE_COLOR$/i.test(name)),
  ) as Record<string, string>;

/** @throws Error when it does not start, or cannot be installed because npm's registry is out of reach */
export async function startRegistry(): Promise<RegistryServer> {
  const verdaccio = path.join(home, 'node_modules/verdaccio/bin/verdaccio');
  if (!existsSync(verdaccio))
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], {cwd: home, env: withoutNpm()});
  const [dir, port] = [folder(), await freePort()];
  const url = `http://127.0.0.1:${port}/`;
  mkdirSync(path.join(dir, 'storage'));
  write(dir, {
    'config.yaml': `storage: ./storage\nuplinks: {npmjs: {url: 'https://registry.npmjs.org/'}}\npackages: {'**': {access: $all, publish: $all, proxy: npmjs}}\nlog: {type: stdout, level: fatal}\nmax_body_size: 100mb\n`,
    npmrc: `registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\naudit=false\nfund=false\nupdate-notifier=false\n`,
  });
  const child = spawn(
    process.execPath,
    [verdaccio, '--listen', `127.0.0.1:${port}`, '--config', path.join(dir, 'config.yaml')],
    {cwd: dir, env: withoutNpm(), stdio: 'ignore'},
  );
  const env = {npm_config_userconfig: path.join(dir, 'npmrc'), npm_config_prefer_offline: 'true'};
  await answer(url, () => child.exitCode);
  return {
    url,
    env,
    async publish(from) {
      await run('npm', ['publish', '--ignore-scripts'], {cwd: from, env: {...withoutNpm(), ...env}});
    },
    stop: () => void child.kill(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as {port: number};
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answer(url: string, exited: () => number | null): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (exited() !== null) break;
    const reply = await fetch(`${url}-/ping`).catch(() => undefined);
    if (reply?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the registry at ${url} does not answer`);
}
