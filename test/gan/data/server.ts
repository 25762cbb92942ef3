/** A web server for files of a folder, with faults as tests want them. */
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {createHash} from 'node:crypto';
import {readFileSync, statSync, type Stats} from 'node:fs';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';

export interface Served {
  /** `http://127.0.0.1:1234`. */
  url: string;
  /** `GET /set.zip 0-0`, in order. */
  requests: string[];
  headers: IncomingMessage['headers'][];
  /** Bytes sent. */
  bytes: number;
  /** Connections, requests that is, of which the n-th, 2n-th, ... is dropped in the middle. 0: none. */
  dropEvery: number;
  dropped: number;
  ranges: boolean;
  etag: boolean;
  /** Before anything else: true when it has answered. */
  answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

/** Serves a folder until `close`. */
export async function serve(folder: string): Promise<Served> {
  const known = new Map<string, {state: string; content: Buffer; etag: string}>();
  /** Read and hashed once for each state of a file. */
  const read = (file: string, {mtimeMs, size}: Stats): {content: Buffer; etag: string} => {
    const state = `${mtimeMs} ${size}`;
    const before = known.get(file);
    if (before?.state === state) return before;
    const content = readFileSync(file);
    const now = {state, content, etag: `"${createHash('sha1').update(content).digest('hex')}"`};
    known.set(file, now);
    return now;
  };
  const server: Server = createServer((request, response) => {
    const {pathname} = new URL(request.url!, 'http://host');
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    served.requests.push(`${request.method} ${pathname}${range ? ` ${range[1]}-${range[2]}` : ''}`);
    served.headers.push(request.headers);
    if (served.answer?.(request, response)) return;
    const file = join(folder, decodeURIComponent(pathname));
    const stats = statSync(file, {throwIfNoEntry: false});
    if (!stats?.isFile()) {
      response.writeHead(404).end('no');
      return;
    }
    const {content, etag} = read(file, stats);
    if (served.etag) response.setHeader('etag', etag);
    if (range && served.ranges && Number(range[1]) >= content.length) {
      response.writeHead(416, {'content-range': `bytes */${content.length}`}).end();
      return;
    }
    const [from, to] =
      range && served.ranges
        ? [Number(range[1]), Math.min(Number(range[2]), content.length - 1)]
        : [0, content.length - 1];
    const body = content.subarray(from, to + 1);
    if (range && served.ranges) response.setHeader('content-range', `bytes ${from}-${to}/${content.length}`);
    response.writeHead(range && served.ranges ? 206 : 200, {'content-length': body.length});
    if (served.dropEvery > 0 && served.requests.length % served.dropEvery === 0) {
      served.dropped++;
      response.write(body.subarray(0, body.length >> 1), () => request.socket.destroy());
      return;
    }
    served.bytes += body.length;
    response.end(body);
  });
  const served: Served = {
    url: '',
    requests: [],
    headers: [],
    bytes: 0,
    dropEvery: 0,
    dropped: 0,
    ranges: true,
    etag: true,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return served;
}
