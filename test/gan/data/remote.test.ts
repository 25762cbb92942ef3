import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {createHash, randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import {createServer} from 'node:http';
import {createServer as createSecure} from 'node:https';
import {connect, type AddressInfo} from 'node:net';
import {once} from 'node:events';
import {tmpdir} from 'node:os';
import {setTimeout} from 'node:timers/promises';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {isGanError} from '../../../dist/errors.js';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import {addressBeside, completeAddress, lastName, publicAddress, shardAddresses} from '../../../dist/address.js';
import {openRandomAccess} from '../../../dist/gan/io/random-access-file.js';
import type * as Http from '../../../dist/gan/io/remote/http.js';
import {takeRoom} from '../../../dist/gan/io/remote/cache-room.js';
import {retries, slowest, withRetries} from '../../../dist/gan/io/remote/transport.js';
import {WholeFiles} from '../../../dist/gan/io/remote/whole-files.js';
import {dataDifference} from '../../../dist/gan/data/identity.js';
import {encodePng} from '../../../dist/gan/data/png.js';
import {ganError, inFolder} from './helpers.js';
import {serve, type Served} from './server.js';

const mebi = 1 << 20;
const parquet = join(import.meta.dirname, 'parquet');
const http = new URL('../../../dist/gan/io/remote/http.js', import.meta.url).href;

describe('files on a web server', () => {
  let dir: string;
  let server: Served;
  let content: Buffer;
  const given: Record<string, string | undefined> = {};
  const setting = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };

  const {firstWaitMs} = retries;
  before(() => (retries.firstWaitMs = 5));
  after(() => (retries.firstWaitMs = firstWaitMs));
  beforeEach(async () => {
    for (const name of ['GAN_CACHE_DIR', 'GAN_DATA_CACHE', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'])
      given[name] = process.env[name];
    dir = await mkdtemp(join(tmpdir(), 'gan-remote-'));
    process.env['GAN_CACHE_DIR'] = join(dir, 'cache');
    await mkdir(join(dir, 'www'));
    content = randomBytes(2.5 * mebi);
    await writeFile(join(dir, 'www/file.bin'), content);
    server = await serve(join(dir, 'www'));
  });
  afterEach(async () => {
    await server.close();
    for (const [name, value] of Object.entries(given)) setting(name, value);
    await rm(dir, {recursive: true, force: true, maxRetries: 5}); // a part may be on its way to the disk
  });

  const places: [position: number, length: number][] = [
    [0, 10],
    [mebi - 5, 10],
    [2 * mebi + 7, 100_000],
    [0, 2.5 * mebi],
    [2.5 * mebi - 3, 100],
    [3 * mebi, 5],
  ];
  const agree = async (url = `${server.url}/file.bin`): Promise<void> => {
    const file = await openRandomAccess(url);
    expect(file.size).to.equal(content.length);
    for (const [position, length] of places)
      expect((await file.read(position, length)).equals(content.subarray(position, position + length))).to.equal(true);
    await Promise.all(places.map(([position, length]) => file.read(position, length)));
  };

  it('are read in parts, each of which is fetched once; another process has them from the disk', async () => {
    const file = await openRandomAccess(`${server.url}/file.bin`);
    await Promise.all([file.read(10, 5), file.read(20, 5), file.read(mebi - 1, 2)]);
    expect(server.requests).to.deep.equal([
      'GET /file.bin 0-0',
      `GET /file.bin 0-${mebi - 1}`,
      `GET /file.bin ${mebi}-${2 * mebi - 1}`,
    ]);
    await agree();
    expect(server.bytes).to.equal(content.length + 2);
    server.requests.length = 0;
    await agree();
    expect(server.requests).to.deep.equal(['GET /file.bin 0-0']);
  });

  it('come whole from a server that sends no parts, and are kept', async () => {
    Object.assign(server, {ranges: false});
    await agree();
    await agree();
    expect(server.requests.length).to.equal(3);
    await rm(join(dir, 'cache'), {recursive: true, maxRetries: 5});
    Object.assign(server, {etag: false, dropEvery: 5});
    await agree();
    expect(server.dropped).to.be.greaterThan(0);
  });

  it('are fetched again where the cache was damaged, cut short or deleted', async () => {
    await agree();
    await setTimeout(600); // until all parts are on the disk, and the file is closed
    const [entry] = await readdir(join(dir, 'cache/data'));
    const file = join(dir, 'cache/data', entry!, 'content');
    const bytes = await readFile(file);
    bytes[mebi + 9]! ^= 1;
    await writeFile(file, bytes);
    const sent = server.bytes;
    await agree();
    expect(server.bytes - sent).to.equal(mebi + 1);
    await truncate(file, 100);
    await agree();
    await copyFile(join(dir, 'www/file.bin'), join(dir, 'www/other.bin'));
    const open = [await openRandomAccess(`${server.url}/file.bin`), await openRandomAccess(`${server.url}/other.bin`)];
    for (const each of open) await each.read(5, 5);
    await rm(join(dir, 'cache'), {recursive: true, maxRetries: 5});
    // another process has begun the first anew, and has nothing of it yet
    await mkdir(dirname(file), {recursive: true});
    await writeFile(file, Buffer.alloc(content.length));
    await setTimeout(600); // until the files are closed
    for (const each of open) expect((await each.read(5, 5)).equals(content.subarray(5, 10))).to.equal(true);
  });

  it('take no more room than they may: what was not used for longest goes, and without room nothing is kept', async () => {
    process.env['GAN_DATA_CACHE'] = '0';
    await agree();
    expect(existsSync(join(dir, 'cache'))).to.equal(false);
    process.env['GAN_DATA_CACHE'] = '1M';
    await agree();
    server.ranges = false;
    const error = await ganError(() => openRandomAccess(`${server.url}/file.bin`));
    expect(error).to.include({code: 'GAN_DATA_REFUSED', exitCode: 5});
    expect(error.suggestions.join()).to.contain('GAN_DATA_CACHE=100G');
    process.env['GAN_DATA_CACHE'] = 'much';
    expect((await ganError(() => openRandomAccess(`${server.url}/file.bin`))).exitCode).to.equal(3);
    // files that this process does not use fill the cache, and it makes room
    server.ranges = true;
    Object.assign(process.env, {GAN_DATA_CACHE: '8M', GAN_CACHE_DIR: join(dir, 'elsewhere')});
    await agree();
    const [old] = await readdir(join(dir, 'elsewhere/data'));
    const blocks = join(dir, 'elsewhere/data', old!, 'blocks');
    // what has been read is still being kept
    while (((await stat(blocks).catch(() => undefined))?.size ?? 0) < 3 * 8) await setTimeout(5);
    process.env['GAN_CACHE_DIR'] = join(dir, 'cache');
    await rename(join(dir, 'elsewhere'), join(dir, 'cache'));
    // none for a file that would not fit anyway
    process.env['GAN_DATA_CACHE'] = '2M';
    await copyFile(join(dir, 'www/file.bin'), join(dir, 'www/large.bin'));
    await agree(`${server.url}/large.bin`);
    expect(await readdir(join(dir, 'cache/data'))).to.have.length(1);
    process.env['GAN_DATA_CACHE'] = '4M';
    await copyFile(join(dir, 'www/file.bin'), join(dir, 'www/other.bin'));
    await agree(`${server.url}/other.bin`);
    const left = await readdir(join(dir, 'cache/data'));
    expect(left).to.have.length(1).and.not.include(old);
  });

  it('end the run when they become others while they are used', async () => {
    const file = await openRandomAccess(`${server.url}/file.bin`);
    await file.read(0, 5);
    await appendFile(join(dir, 'www/file.bin'), 'x');
    expect(await ganError(() => file.read(mebi, 5))).to.include({code: 'GAN_DATA_CHANGED', exitCode: 5});
    content[2 * mebi]! ^= 1;
    await writeFile(join(dir, 'www/file.bin'), content);
    expect((await ganError(() => file.read(2 * mebi, 5))).message).to.contain('it is another version');
  });

  it('are refused where the server sends another part than was asked for', async () => {
    const file = await openRandomAccess(`${server.url}/file.bin`);
    const etag = `"${createHash('sha1').update(content).digest('hex')}"`;
    const headers = {etag, 'content-range': `bytes 0-${mebi - 1}/${content.length}`};
    server.answer = (_, response) => (response.writeHead(206, headers).end(content.subarray(0, mebi)), true);
    const error = await ganError(() => file.read(mebi, 5));
    expect(error).to.include({code: 'GAN_DATA_REFUSED', exitCode: 5});
    expect(error.message).to.contain('another part than was asked for');
  });

  it('are asked for again when connections break, and when the server has too much to do', async () => {
    server.dropEvery = 2;
    await agree();
    expect(server.dropped).to.be.greaterThan(0);
    let busy = 2;
    server.answer = (_, response) => {
      if (busy-- <= 0) return false;
      response.writeHead(503, {'retry-after': '0'}).end();
      return true;
    };
    await agree();
  });

  const refusals: [status: number, code: string, says: RegExp][] = [
    [404, 'GAN_DATA_NOT_FOUND', /has no http:.*\(404\)/],
    [401, 'GAN_DATA_REFUSED', /does not give .* to you: 401/],
    [403, 'GAN_DATA_REFUSED', /does not give .* to you: 403/],
    [400, 'GAN_DATA_REFUSED', /does not give .*: 400/],
  ];
  for (const [status, code, says] of refusals)
    it(`that are refused with ${status} are asked for once, and the error names the host`, async () => {
      server.answer = (_, response) => (response.writeHead(status).end(), true);
      const error = await ganError(() => openRandomAccess(`${server.url}/file.bin?token=secret`));
      expect(error).to.include({code, exitCode: 5});
      expect(error.message).to.match(says).and.contain(new URL(server.url).host).and.not.contain('secret');
      expect(error.suggestions).to.have.length.greaterThan(0);
      expect(server.requests).to.have.length(1);
    });

  it('without a byte in them are said to hold nothing, as on the disk', async () => {
    await writeFile(join(dir, 'www/empty.zip'), '');
    for (const place of [`${server.url}/empty.zip`, join(dir, 'www/empty.zip')]) {
      const error = await ganError(() => openRecords(place));
      expect(error).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
      expect(error.message).to.contain(place).and.contain('it begins with nothing');
    }
  });

  it('of hosts that are not there are said to be so', async () => {
    const error = await ganError(() => openRandomAccess('http://no-such-host.invalid/file.bin'));
    expect(error).to.include({code: 'GAN_NETWORK', exitCode: 5});
    expect(error.message).to.equal('no-such-host.invalid cannot be reached: there is no host of that name.');
  });

  it('are given to a user with a password, which follows no redirect to another host', async () => {
    const other = await serve(join(dir, 'www'));
    try {
      const {host} = new URL(server.url);
      const expected = `Basic ${Buffer.from('ada:p@ss').toString('base64')}`;
      server.answer = (request, response) => {
        if (request.headers.authorization === expected && request.url === '/file.bin') return false;
        if (request.url === '/moved.bin') response.writeHead(302, {location: `${other.url}/file.bin`}).end();
        else response.writeHead(401).end();
        return true;
      };
      await agree(publicAddress(`http://ada:p%40ss@${host}/file.bin`));
      await agree(publicAddress(`http://ada:p%40ss@${host}/moved.bin`));
      expect(await ganError(() => openRandomAccess(`http://ada:100%@${host}/file.bin`))).to.include({
        code: 'GAN_DATA_REFUSED',
      });
      expect(other.headers.every(({authorization}) => authorization === undefined)).to.equal(true);
    } finally {
      await other.close();
    }
  });

  it('are fetched through a proxy, as HTTP_PROXY and NO_PROXY say', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url!);
      const [host, port] = request.url!.split(':');
      const target = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
    });
    proxy.on('request', (request, response) => {
      asked.push(request.url!);
      void fetch(request.url!, {headers: {range: request.headers.range!}}).then(async (answer) => {
        response.writeHead(answer.status, {
          'content-range': answer.headers.get('content-range') ?? '',
          etag: answer.headers.get('etag') ?? '',
        });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    // the variables are looked at when the module is first used: one for each time
    let times = 0;
    const read = async (env: Record<string, string>): Promise<string> => {
      Object.assign(process.env, env);
      const {httpTransport} = (await import(`${http}?${++times}`)) as typeof Http;
      const transport = httpTransport(`${server.url}/file.bin`);
      const bytes = await withRetries(transport, async () => transport.range(7, 4, await transport.look()));
      return bytes.toString('hex');
    };
    try {
      const wanted = content.subarray(7, 11).toString('hex');
      const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      expect(await read({HTTP_PROXY})).to.equal(wanted);
      expect(asked.length).to.be.greaterThan(0);
      asked.length = 0;
      expect(await read({HTTP_PROXY, NO_PROXY: '127.0.0.1'})).to.equal(wanted);
      expect(asked).to.deep.equal([]);
      for (const wrong of ['proxy:3128', '127.0.0.1:3128', 'http://ada:100%@proxy:3128']) {
        const error = await ganError(() => read({HTTP_PROXY: wrong}));
        expect(error).to.include({code: 'GAN_CONFIG_VALUE', exitCode: 3});
        expect(error.suggestions.join()).to.contain('http://PROXY:PORT');
      }
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('are not asked for again where a proxy wants a password, or refuses the host', async () => {
    let [status, asked] = [407, 0];
    const proxy = createServer((_, response) => {
      asked++;
      response.writeHead(status).end();
    });
    proxy.on('connect', (_, socket) => {
      asked++;
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    Object.assign(process.env, {HTTP_PROXY: address, HTTPS_PROXY: address});
    try {
      for (const [url, answer, advice] of [
        ['https://host.invalid/file.bin', 407, 'USER:PASSWORD@PROXY'],
        ['http://host.invalid/file.bin', 407, 'USER:PASSWORD@PROXY'],
        ['https://host.invalid/file.bin', 403, 'NO_PROXY=HOST'],
      ] as const) {
        [status, asked] = [answer, 0];
        const {httpTransport} = (await import(`${http}?${url} ${answer}`)) as typeof Http;
        const transport = httpTransport(url);
        const error = await ganError(() => withRetries(transport, () => transport.look()));
        expect(error).to.include({code: 'GAN_DATA_REFUSED', exitCode: 5});
        expect(error.message).to.equal(`The proxy does not ask host.invalid for ${url}: it answers with ${answer}.`);
        expect(error.suggestions.join()).to.contain(advice);
        expect(asked).to.equal(1);
      }
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('of a host that cannot prove who it is are refused, with the way to trust it', async function () {
    const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'certificate.pem')];
    const made = await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
    ]).catch(() => undefined);
    if (!made) {
      console.log('    skipped: no openssl');
      return this.skip();
    }
    const secure = createSecure({key: await readFile(key), cert: await readFile(certificate)}, (_, response) => {
      response.writeHead(206, {'content-range': 'bytes 0-0/4'}).end('x');
    });
    secure.listen(0, 'localhost');
    await once(secure, 'listening');
    try {
      const url = `https://localhost:${(secure.address() as AddressInfo).port}/a.zip`;
      const error = await ganError(() => openRandomAccess(url));
      expect(error).to.include({code: 'GAN_NETWORK', exitCode: 5});
      expect(error.message).to.match(/^localhost:\d+ cannot be trusted: .*self.signed/);
      expect(error.suggestions.join()).to.contain('NODE_EXTRA_CA_CERTS=');
      const script = `import {openRandomAccess} from ${JSON.stringify(join(import.meta.dirname, '../../../dist/gan/io/random-access-file.js'))}; console.log((await openRandomAccess(process.argv[1])).size)`;
      const {stdout} = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, url], {
        env: {...process.env, NODE_EXTRA_CA_CERTS: certificate},
      });
      expect(stdout.trim()).to.equal('4');
    } finally {
      secure.closeAllConnections();
      secure.close();
    }
  });

  it('are the same set as on the disk: one file, and shards by their numbers', async () => {
    const local = await openRecords(join(parquet, 'hub'));
    await mkdir(join(dir, 'www/data'));
    for (const name of await readdir(join(parquet, 'hub/data')))
      await copyFile(join(parquet, 'hub/data', name), join(dir, 'www/data', name));
    const remote = await openRecords(`${server.url}/data/train-{00000..00002}-of-00003.parquet`);
    expect(describeRecords(remote)).to.equal('3 Parquet files, 15 pictures, 3 labels');
    expect(await remote.identify()).to.deep.equal(await local.identify());
    for (let i = 0; i < 15; i++) expect(await remote.read(i)).to.deep.equal(await local.read(i));
    const text = await ganError(() => openRecords(`${server.url}/file.bin`));
    expect(text).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
    expect((await stat(join(dir, 'cache/data'))).isDirectory()).to.equal(true);
  });
});

describe('the cache', () => {
  it('makes room by its own folders only, whatever else lies beside them', () =>
    inFolder(async (dir) => {
      const own = ['a', 'b'].map((letter) => join(dir, letter.repeat(32)));
      for (const folder of [own[0]!, join(dir, 'photos')]) {
        await mkdir(join(folder, 'files'), {recursive: true});
        await writeFile(join(folder, 'files/1.png'), Buffer.alloc(100));
      }
      expect(await takeRoom(own[1]!, 50, 60)).to.equal(true);
      expect(await readdir(dir)).to.deep.equal(['photos']);
      expect(await readdir(join(dir, 'photos/files'))).to.deep.equal(['1.png']);
    }));
});

/** An array of numpy with one picture, of one grey. */
function greyArray(grey: number): Buffer {
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2, 3), }".padEnd(117);
  const bytes = Buffer.alloc(10 + header.length + 1 + 12, grey);
  bytes.write(`\x93NUMPY\x01\0${String.fromCharCode(header.length + 1)}\0${header}\n`, 'latin1');
  return bytes;
}

/** Runs `action` with a server of a folder, and what is fetched kept in a cache of this folder. */
const withCache = (action: (dir: string, server: Awaited<ReturnType<typeof serve>>) => Promise<void>): Promise<void> =>
  inFolder(async (dir) => {
    const server = await serve(dir);
    const before = process.env['GAN_CACHE_DIR'];
    process.env['GAN_CACHE_DIR'] = join(dir, 'cache');
    try {
      await action(dir, server);
    } finally {
      if (before === undefined) delete process.env['GAN_CACHE_DIR'];
      else process.env['GAN_CACHE_DIR'] = before;
      await server.close();
    }
  });

describe('lists of pictures on servers', () => {
  it('name files of their server, or addresses, and nothing of this disk; missing pictures are left out', () =>
    inFolder(async (dir) => {
      const pictures = await Promise.all(
        [1, 2, 3].map((n) => encodePng({data: new Uint8Array(12).fill(n), width: 2, height: 2, channels: 3})),
      );
      await mkdir(join(dir, 'www/sub'), {recursive: true});
      await writeFile(join(dir, 'www/a b#1 50%?.png'), pictures[0]!);
      await writeFile(join(dir, 'www/sub/c.png'), pictures[1]!);
      const server = await serve(join(dir, 'www'));
      const before = process.env['GAN_CACHE_DIR'];
      process.env['GAN_CACHE_DIR'] = join(dir, 'cache');
      try {
        const rows = ['file,label', 'a b#1 50%?.png,x', './sub/c.png,y', `${server.url}/sub/c.png,x`, 'gone.png,y'];
        const outside = [join(dir, 'secret.png'), `file://${join(dir, 'secret.png')}`, '../../../../secret.png'];
        await writeFile(join(dir, 'secret.png'), pictures[2]!);
        await writeFile(join(dir, 'www/list.csv'), [...rows, ...outside.map((each) => `${each},x`)].join('\n'));
        await writeFile(join(dir, 'here.csv'), rows.slice(0, 1).concat(rows[3]!).join('\n'));
        const list = await openRecords(publicAddress(`${server.url}/list.csv?token=secret123`));
        expect(list).to.include({size: 7, kind: 'list'});
        const keyed = server.headers.length;
        expect(await list.read(0)).to.deep.equal(Buffer.from(pictures[0]!));
        expect(await list.read(1)).to.deep.equal(Buffer.from(pictures[1]!));
        expect(await list.read(2)).to.deep.equal(Buffer.from(pictures[1]!));
        expect(server.headers.length).to.equal(keyed + 3);
        for (let i = 3; i < 7; i++) {
          const error = (await list.read(i).catch((reason: unknown) => reason)) as Error;
          expect(error.message)
            .to.match(/has no http.*\(404\)/)
            .and.not.contain('secret123');
          expect(isGanError(error)).to.equal(false);
        }
        expect(list.describe(0)).to.equal(`${server.url}/a%20b%231%2050%25%3F.png?token=***`);
        const identity = await list.identify();
        expect(identity).to.include({items: 7});
        const local = await openRecords(join(dir, 'here.csv'));
        expect(await local.read(0)).to.deep.equal(Buffer.from(pictures[1]!));
        // a list that has changed asks for its pictures again, and is another one
        await writeFile(join(dir, 'www/sub/c.png'), pictures[2]!);
        await appendFile(join(dir, 'www/list.csv'), '\n');
        const again = await openRecords(publicAddress(`${server.url}/list.csv?token=secret123`));
        expect(await again.read(1)).to.deep.equal(Buffer.from(pictures[2]!));
        expect(dataDifference(identity, await again.identify())).to.contain('what they hold is not');
      } finally {
        if (before === undefined) delete process.env['GAN_CACHE_DIR'];
        else process.env['GAN_CACHE_DIR'] = before;
        await server.close();
      }
    }));

  it('whose addresses look alike without their keys are apart, as are arrays in mixtures and shards', () =>
    withCache(async (dir, server) => {
      server.answer = ({url}, response) => {
        const {pathname, searchParams} = new URL(url!, 'http://host');
        const number = Number(/\d+/.exec(searchParams.get('of') ?? '')?.[0]);
        if (pathname === '/dl') response.writeHead(200, {'last-modified': 'then'}).end(greyArray(number % 256));
        else if (pathname === '/img') response.writeHead(200).end(String(number));
        else return false;
        return true;
      };
      const greys = async ({size, read}: Awaited<ReturnType<typeof openRecords>>) =>
        Promise.all(Array.from({length: size}, async (_, i) => ((await read(i)) as {data: Uint8Array}).data[0]));
      const rows = [10001, 10002, 10003];
      await writeFile(
        join(dir, 'a#1.csv'),
        ['file,label', ...rows.map((row) => `${server.url}/img?of=${row},x`)].join('\n'),
      );
      for (let again = 0; again < 2; again++) {
        const list = await openRecords(join(dir, 'a#1.csv'));
        for (const [i, row] of rows.entries()) expect(await list.read(i)).to.deep.equal(Buffer.from(String(row)));
      }
      expect(server.requests.filter((each) => each.includes('/img'))).to.have.length(3);
      const mixture = ['n11.npy', 'n12.npy'].map((of) => ({data: `${server.url}/dl?of=${of}`}));
      await writeFile(join(dir, 'mixture.json'), JSON.stringify({mixture}));
      expect(await greys(await openRecords(join(dir, 'mixture.json')))).to.deep.equal([11, 12]);
      const shown = publicAddress(`${server.url}/dl?of=n{021..023}.npy`);
      for (let again = 0; again < 2; again++) expect(await greys(await openRecords(shown))).to.deep.equal([21, 22, 23]);
      expect(completeAddress(shown)).to.contain('{021..023}');
      publicAddress(`${server.url}/dl?of=n31.npy`);
      expect(await greys(await openRecords(shown))).to.deep.equal([31]);
    }));

  it('that are refused one after the other end the training; pages and nothing are not kept for pictures', () =>
    withCache(async (_, server) => {
      let [status, body] = [200, '<html>Log in</html>'];
      server.answer = (_, response) => (response.writeHead(status).end(body), true);
      const files = new WholeFiles('expiring', 1 << 20);
      for (const answer of [body, '', 'picture']) {
        body = answer;
        expect(String(await files.read(`${server.url}/a.png`))).to.equal(answer);
      }
      status = 403;
      expect(String(await files.read(`${server.url}/a.png`))).to.equal('picture');
      const refused = async (): Promise<boolean> =>
        isGanError(await files.read(`${server.url}/b.png`).catch((error: unknown) => error));
      for (let i = 0; i < 64; i++) expect(await refused()).to.equal(false);
      expect(await ganError(() => files.read(`${server.url}/b.png`))).to.include({code: 'GAN_DATA_REFUSED'});
      status = 200;
      await files.read(`${server.url}/c.png`);
      status = 403;
      expect(await refused()).to.equal(false);
    }));

  it('that lead elsewhere without end, or to this disk, or come too slowly are refused', () =>
    inFolder(async (dir) => {
      const server = await serve(dir);
      const {afterMs} = slowest;
      const {attempts, firstWaitMs} = retries;
      try {
        Object.assign(retries, {attempts: 2, firstWaitMs: 5});
        for (const location of ['file:///etc/passwd', '/list.csv']) {
          server.answer = (_, response) => (response.writeHead(302, {location}).end(), true);
          const error = await ganError(() => openRandomAccess(`${server.url}/list.csv`));
          expect(error).to.include({code: 'GAN_DATA_REFUSED', exitCode: 5});
          expect(error.message).to.contain('redirects requests');
        }
        slowest.afterMs = 20;
        server.answer = (_, response) => {
          response.writeHead(200);
          const timer = setInterval(() => response.write('x'), 5);
          response.on('close', () => clearInterval(timer));
          return true;
        };
        const error = await ganError(() => new WholeFiles('slow', 1 << 20).read(`${server.url}/a.png`));
        expect(error).to.include({code: 'GAN_NETWORK', exitCode: 5});
        expect(error.message).to.contain('did not answer in time (asked 2 times)');
      } finally {
        slowest.afterMs = afterMs;
        Object.assign(retries, {attempts, firstWaitMs});
        await server.close();
      }
    }));

  it('of pictures without end, and pages in place of data, are told as such', () =>
    inFolder(async (dir) => {
      const server = await serve(dir);
      try {
        server.answer = (_, response) => {
          response.writeHead(200, {'content-type': 'text/html'}).end('<!DOCTYPE html><title>Log in</title>');
          return true;
        };
        for (const name of ['list.csv', 'set.zip', '']) {
          const error = await ganError(() => openRecords(`${server.url}/${name}`));
          expect(error).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
          expect(error.message).to.contain('is a page for a browser');
        }
        let stopped = 0;
        server.answer = (_, response) => {
          response.writeHead(200);
          const more = (): unknown =>
            response.write(Buffer.alloc(1 << 16), (error) => (error ? stopped++ : setImmediate(more)));
          more();
          return true;
        };
        const files = new WholeFiles('endless', 1 << 20);
        const error = (await files.read(`${server.url}/a.png`).catch((reason: unknown) => reason)) as Error;
        expect(error.message).to.contain('it has more than 1048576 bytes');
        while (stopped === 0) await setTimeout(5);
      } finally {
        await server.close();
      }
    }));
});

describe('addresses', () => {
  it('and paths have a last name: on disks and in S3, ? and # are of it', () => {
    expect(
      ['/a/b?c#d.csv', 'set#1.tsv', 'https://h/a/b.csv?x=y/z#d', 's3://b/a/c#d.csv', 'C:\\a\\b\\'].map(lastName),
    ).to.deep.equal(['b?c#d.csv', 'set#1.tsv', 'b.csv', 'c#d.csv', 'b']);
  });

  it('of files beside others have the same keys', () => {
    const cases: [of: string, name: string, wanted: string][] = [
      ['https://h/a/b/list.csv', 'c d.png', 'https://h/a/b/c%20d.png'],
      ['https://u:p@h/a/list.csv?token=k#x', '../c?.png', 'https://***@h/c%3F.png?token=***'],
      ['https://h/a/list.csv', '/c.png', 'https://h/c.png'],
      ['https://h/a/list.csv', '../../../c.png', 'https://h/c.png'],
      ['https://h/a/list.csv', 'http://other/c.png', 'http://other/c.png'],
      ['https://h/a/list.csv', 'file:///etc/passwd', 'https://h/a/file%3A/etc/passwd'],
      ['https://h/list.csv?path=a/b', 'c.png', 'https://h/c.png?path=***'],
      ['s3://bucket/a/list.csv', 'c d#e.png', 's3://bucket/a/c d#e.png'],
      ['s3://bucket/list.csv', '../../c.png', 's3://bucket/c.png'],
    ];
    for (const [of, name, wanted] of cases) expect(addressBeside(publicAddress(of), name)).to.equal(wanted);
    expect(completeAddress('https://***@h/c%3F.png?token=***')).to.equal('https://u:p@h/c%3F.png?token=k');
  });

  it('are shown without their keys, which this process knows and no other', async () => {
    const cases: [given: string, shown: string][] = [
      ['https://host/set.zip', 'https://host/set.zip'],
      ['https://ada:pass@host/set.zip', 'https://***@host/set.zip'],
      ['https://token@host:8080/a@b.zip', 'https://***@host:8080/a@b.zip'],
      ['https://host/a.zip?download=true&v=2', 'https://host/a.zip?download=true&v=2'],
      [
        'https://host/a.zip?X-Amz-Signature=abc&X-Amz-Expires=900',
        'https://host/a.zip?X-Amz-Signature=***&X-Amz-Expires=900',
      ],
      ['https://host/a.zip?abcdefghijklmnopqrstuvwxyz', 'https://host/a.zip?***'],
      ['https://host/train-{0..2}.tar?t=k#x', 'https://host/train-{0..2}.tar?t=***'],
      ['s3://bucket/key with blanks.zip', 's3://bucket/key with blanks.zip'],
      ['s3://bucket/a&b=c?d#e.zip', 's3://bucket/a&b=c?d#e.zip'],
      ['https://host/a&b=c.zip?t=k', 'https://host/a&b=c.zip?t=***'],
    ];
    for (const [given, shown] of cases) {
      expect(publicAddress(given)).to.equal(shown);
      expect(completeAddress(shown)).to.equal(given);
    }
    const error = await ganError(() => Promise.resolve(completeAddress('https://host/other.zip?token=***')));
    expect(error).to.include({code: 'GAN_DATA_SECRET', exitCode: 3});
    expect(error.suggestions.join()).to.contain('gan fit --resume RUN --data ADDRESS');
    expect(shardAddresses('https://host/train-{0..2}.tar?t=***')).to.deep.equal(
      [0, 1, 2].map((i) => `https://host/train-${i}.tar?t=***`),
    );
    expect(completeAddress('https://host/train-1.tar?t=***')).to.equal('https://host/train-1.tar?t=k#x');
    expect(shardAddresses('s3://b/x-{008..011}.tar').map((each) => each.slice(7))).to.deep.equal(
      ['008', '009', '010', '011'].map((n) => `x-${n}.tar`),
    );
    for (const wrong of [
      'https://',
      's3:///key',
      's3://bucket',
      's3://bucket/',
      'https://host/{5..2}.tar',
      'https://host/{0..99999999}.tar',
      'https://host/{a..b}.tar',
      'https://host/{0-3}.tar',
      'https://host/{0..3}-{0..3}.tar',
      's3://bucket/{0..3}-{0..3}.tar',
      'https://ada:s3c/ret@host/a.zip',
      'https://ada:s3c#ret@host/a.zip',
    ]) {
      const fault = await ganError(async () => {
        await Promise.resolve();
        return shardAddresses(publicAddress(wrong));
      });
      expect(isGanError(fault) && fault.exitCode, wrong).to.equal(3);
      expect(fault.message).to.not.contain('s3c');
    }
  });
});
