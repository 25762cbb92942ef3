/**
 * A Hugging Face hub on loopback, as far as uploads need one: repositories, preupload, LFS batches, uploads of large
 * files to another address, commits (https://huggingface.co/docs/hub/api). It keeps what arrived.
 */
import {createHash} from 'node:crypto';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface Asked {
  method: string;
  path: string;
  authorization: string | undefined;
}

interface Repository {
  isPrivate: boolean;
  /** What the last commit left, by path. */
  files: Map<string, Buffer>;
  commits: string[];
}

/** Answers a request in place of the hub. @returns false to let the hub answer */
export type Fault = (asked: Asked, response: ServerResponse) => boolean;

export class HubServer {
  readonly repositories = new Map<string, Repository>();
  readonly asked: Asked[] = [];
  token = 'hf_right';
  fault: Fault = () => false;
  /** Large files by their SHA-256. */
  readonly #objects = new Map<string, Buffer>();
  readonly #hub: Server;
  readonly #storage: Server;

  constructor() {
    this.#hub = createServer((request, response) => void this.#answer(request, response));
    this.#storage = createServer((request, response) => void this.#store(request, response));
  }

  async start(): Promise<this> {
    for (const server of [this.#hub, this.#storage])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return addressOf(this.#hub);
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #note(request: IncomingMessage, response: ServerResponse): boolean {
    const asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
    };
    this.asked.push(asked);
    return this.fault(asked, response);
  }

  async #store(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#note(request, response)) return;
    const body = await read(request);
    const oid = (request.url ?? '').slice(1);
    if (createHash('sha256').update(body).digest('hex') !== oid)
      return reply(response, 400, {error: 'another SHA-256'});
    this.#objects.set(oid, body);
    response.end();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#note(request, response)) return;
    const body = await read(request);
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return reply(response, 401, {error: 'Invalid username or password.'});
    const route = `${request.method} ${request.url}`;
    if (route === 'POST /api/repos/create') return this.#create(JSON.parse(body.toString()) as Create, response);
    const [, name = '', rest = ''] = /^\w+ (?:\/api\/models)?\/([^/]+\/[^/.?]+)(.*)$/.exec(route) ?? [];
    const repository = this.repositories.get(name);
    if (!repository) return reply(response, 404, {error: 'Repository not found'});
    if (request.method === 'GET')
      return reply(response, 200, {
        _id: '1',
        id: name,
        modelId: name,
        private: repository.isPrivate,
        likes: 0,
        downloads: 0,
        gated: false,
        lastModified: '2026-01-01T00:00:00.000Z',
      });
    if (rest === '/preupload/main') return this.#preupload(JSON.parse(body.toString()) as Preupload, response);
    if (rest === '.git/info/lfs/objects/batch') return this.#batch(JSON.parse(body.toString()) as Batch, response);
    if (rest === '/commit/main') return this.#commit(repository, name, body.toString(), response);
    reply(response, 404, {error: `there is no ${route}`});
  }

  #create({name, organization, visibility}: Create, response: ServerResponse): void {
    const full = `${organization}/${name}`;
    if (organization === 'stranger')
      return reply(response, 403, {error: "You don't have the rights to create a model under this namespace"});
    if (this.repositories.has(full)) return reply(response, 409, {error: 'You already created this model repo'});
    this.repositories.set(full, {isPrivate: visibility === 'private', files: new Map(), commits: []});
    reply(response, 200, {url: `${this.url}/${full}`, id: full, name: full});
  }

  /** As the hub does by default: weights and pictures are large files, texts are not. */
  #preupload({files}: Preupload, response: ServerResponse): void {
    const modeOf = (path: string): string => (/\.(safetensors|png)$/.test(path) ? 'lfs' : 'regular');
    reply(response, 200, {files: files.map(({path}) => ({path, uploadMode: modeOf(path), shouldIgnore: false}))});
  }

  #batch({objects}: Batch, response: ServerResponse): void {
    reply(response, 200, {
      transfer: 'basic',
      objects: objects.map(({oid, size}) => ({
        oid,
        size,
        ...(!this.#objects.has(oid) && {actions: {upload: {href: `${addressOf(this.#storage)}/${oid}`}}}),
      })),
    });
  }

  #commit(repository: Repository, name: string, body: string, response: ServerResponse): void {
    const lines = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as CommitLine);
    const files = new Map(repository.files);
    for (const {key, value} of lines) {
      if (key === 'header') repository.commits.push(value.summary!);
      if (key === 'file') files.set(value.path!, Buffer.from(value.content!, 'base64'));
      if (key === 'lfsFile') {
        const object = this.#objects.get(value.oid!);
        if (!object) return reply(response, 400, {error: `${value.path} never arrived`});
        files.set(value.path!, object);
      }
    }
    repository.files = files;
    const oid = createHash('sha1').update(body).digest('hex');
    reply(response, 200, {
      success: true,
      commitOid: oid,
      commitUrl: `${this.url}/${name}/commit/${oid}`,
      hookOutput: '',
    });
  }
}

interface Create {
  name: string;
  organization: string;
  visibility?: string;
}
interface Preupload {
  files: {path: string}[];
}
interface Batch {
  objects: {oid: string; size: number}[];
}
interface CommitLine {
  key: string;
  value: {summary?: string; path?: string; content?: string; oid?: string};
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export function reply(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, {'content-type': 'application/json; charset=utf-8'}).end(JSON.stringify(value));
}
