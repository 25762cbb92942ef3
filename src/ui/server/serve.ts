import {getRequestListener} from '@hono/node-server';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {GanError} from '../../errors.js';
import type {BackendChoice} from '../protocol.js';
import {makeApp} from './app.js';
import {loadAssets} from './assets.js';
import {Explorer} from './explorer.js';
import {refusal, refuse} from './guard.js';
import {RunsRoot} from './runs-root.js';

/** The default port of `gan ui`, and the number of ports after it that are tried. */
export const defaultPort = 6160;
const portsTried = 20;

/** More than a browser with many pages opens; what comes beyond is closed at once. */
const maxConnections = 200;

/** A connection that sends no request for so long, or the rest of one, is closed to make room. */
const limits = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
};

export interface ServeOptions {
  /** The folder of runs. */
  dir: string;
  host: string;
  /** Absent: the first free one from `defaultPort`; 0: any. */
  port?: number;
  version: string;
  /** Folders of the plug-ins that the command line knows. */
  packages: string[];
  backends(): Promise<BackendChoice[]>;
}

export interface RunningServer {
  url: string;
  /** Ends all connections and the process that draws. */
  close(): Promise<void>;
}

/** Serves the page of `gan ui`. @throws GanError GAN_PORT_IN_USE, GAN_CANNOT_LISTEN (exit 2) */
export async function serve({dir, host, port, version, packages, backends}: ServeOptions): Promise<RunningServer> {
  const assets = await loadAssets();
  const explorer = new Explorer({packages});
  const app = makeApp({root: new RunsRoot(dir), assets, explorer, about: {folder: dir, version}, backends});
  const answer = getRequestListener(app.fetch, {overrideGlobalObjects: false});
  const server = createServer(limits, (request, response) => {
    const no = refusal(request, host);
    if (no) refuse(response, no);
    else void answer(request, response);
  });
  server.maxConnections = maxConnections;
  await listen(server, host, port);
  return {
    url: urlOf(server.address() as AddressInfo),
    close: () =>
      new Promise((resolve) => {
        explorer.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, host: string, wanted: number | undefined): Promise<void> {
  const first = wanted ?? defaultPort;
  const last = wanted === undefined ? first + portsTried - 1 : first;
  for (let port = first; port <= last; port++) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve).listen({host, port}, () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    if (!error) return;
    if (error.code !== 'EADDRINUSE') {
      throw new GanError('usage', 'GAN_CANNOT_LISTEN', `cannot listen on ${host}, port ${port}: ${error.message}`, {
        suggestions: ['Choose another --port or --host.'],
      });
    }
  }
  throw new GanError(
    'usage',
    'GAN_PORT_IN_USE',
    `${first === last ? `port ${first} is` : `ports ${first} to ${last} are`} in use on ${host}`,
    {
      suggestions: [
        '--port 0 uses any free port',
        'Perhaps gan ui is already running: one is enough for all runs of a folder.',
      ],
    },
  );
}

const urlOf = ({address, port, family}: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;
