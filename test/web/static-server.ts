import {createReadStream, existsSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain',
};

export interface StaticServer {
  url: string;
  /** What was asked for, in order. */
  asked: string[];
  close(): Promise<void>;
}

/** As plain as web servers are: files of a folder, no special headers. */
export async function serve(dir: string): Promise<StaticServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const {pathname} = new URL(request.url!, 'http://x');
    asked.push(pathname);
    const file = path.join(dir, pathname === '/' ? 'index.html' : pathname);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, {'content-type': types[path.extname(file)] ?? 'application/octet-stream'});
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
