/** A registry on loopback that npm publishes to and installs from. It sends npm to the real one for other packages. */
import {execFile} from 'node:child_process';
import {createServer, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {json} from 'node:stream/consumers';
import path from 'node:path';
import {promisify} from 'node:util';
import {folder, write} from '../plugin/helpers.js';

const run = promisify(execFile);
const real = 'https://registry.npmjs.org';

export interface RegistryServer {
  /** For npm and for gan: this registry, and nothing of the settings of the tests' own npm. */
  env: Record<string, string>;
  /** Publishes a folder, as it is built. */
  publish(dir: string): Promise<void>;
  stop(): void;
}

/** What `npm publish` sends, and what the registry answers about a package without the attachments. */
interface Package {
  name: string;
  'dist-tags': Record<string, string>;
  versions: Record<string, {dist: {tarball: string}}>;
  _attachments?: Record<string, {data: string}>;
}

const withoutNpm = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_OPTIONS$|^FORCE_COLOR$/i.test(name)),
  ) as Record<string, string>;

/** @throws Error when the real registry is out of reach */
export async function startRegistry(): Promise<RegistryServer> {
  await run('npm', ['ping', '--registry', real], {env: withoutNpm()});
  const packages = new Map<string, Package>();
  const tarballs = new Map<string, Buffer>();

  async function receive(request: IncomingMessage): Promise<number> {
    const {_attachments = {}, ...sent} = (await json(request)) as Package;
    const known = packages.get(sent.name);
    if (Object.keys(sent.versions).some((version) => known?.versions[version])) return 403; // never a second time
    packages.set(sent.name, {
      ...sent,
      'dist-tags': {...known?.['dist-tags'], ...sent['dist-tags']},
      versions: {...known?.versions, ...sent.versions},
    });
    for (const {dist} of Object.values(sent.versions)) {
      const address = new URL(dist.tarball).pathname;
      tarballs.set(address, Buffer.from(_attachments[address.split('/-/')[1]!]!.data, 'base64'));
    }
    return 201;
  }

  const server = createServer((request, response) => {
    const address = decodeURIComponent(request.url!);
    if (request.method === 'PUT') {
      const failed = (error: unknown): void => void response.writeHead(400).end(String(error));
      receive(request).then((status) => response.writeHead(status).end('{}'), failed);
      return;
    }
    const tarball = tarballs.get(address);
    const packument = packages.get(address.slice(1));
    if (tarball) response.end(tarball);
    else if (packument)
      response
        .writeHead(200, {'content-type': 'application/json', 'cache-control': 'no-store'})
        .end(JSON.stringify(packument));
    else response.writeHead(302, {location: real + request.url!}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  const dir = folder();
  write(dir, {
    npmrc: `registry=http://127.0.0.1:${port}/\n//127.0.0.1:${port}/:_authToken=anybody\naudit=false\nfund=false\nupdate-notifier=false\n`,
  });
  const env = {npm_config_userconfig: path.join(dir, 'npmrc'), npm_config_prefer_offline: 'true'};
  return {
    env,
    async publish(from) {
      await run('npm', ['publish', '--ignore-scripts'], {cwd: from, env: {...withoutNpm(), ...env}});
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
