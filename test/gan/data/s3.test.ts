import {expect} from 'chai';
import {createHash, createHmac} from 'node:crypto';
import {existsSync} from 'node:fs';
import {copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile} from 'node:fs/promises';
import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createServer, type IncomingMessage} from 'node:http';
import {connect, type AddressInfo} from 'node:net';
import {setTimeout as tick} from 'node:timers/promises';
import {promisify} from 'node:util';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {packRecords} from '../../../dist/gan/data/pack.js';
import {encodePng} from '../../../dist/gan/data/png.js';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import type * as S3 from '../../../dist/gan/io/remote/s3.js';
import {retries, withRetries} from '../../../dist/gan/io/remote/transport.js';
import {ganError} from './helpers.js';
import {serve, type Served} from './server.js';

const [key, secret] = ['AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'];
const parquet = join(import.meta.dirname, 'parquet');
const s3 = new URL('../../../dist/gan/io/remote/s3.js', import.meta.url).href;

/**
 * Whether a request is signed with the secret, as Amazon describes version 4 of its signatures
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
 */
function isSigned({method, url, headers}: IncomingMessage): boolean {
  const [, scope = '', signed = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [date = '', region = '', service = '', end = ''] = scope.split('/');
  const [path, query = ''] = url!.split('?');
  const names = signed.split(';');
  const canonical = [
    method,
    path,
    query.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n');
  const hmac = (by: Buffer | string, what: string): Buffer => createHmac('sha256', by).update(what).digest();
  const signing = [region, service, end].reduce(hmac, hmac(`AWS4${secret}`, date));
  return names.includes('host') && names.includes('x-amz-date') && hmac(signing, text).toString('hex') === signature;
}

/** The module anew, as it looks at the settings of the storage once. */
const anew = async (name: string): Promise<typeof S3> => (await import(`${s3}?${name}`)) as typeof S3;

describe('objects in storage that speaks S3', () => {
  let dir: string;
  let server: Served;
  const given: Record<string, string | undefined> = {};
  const {firstWaitMs} = retries;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gan-s3-'));
    await mkdir(join(dir, 'bucket/sets'), {recursive: true});
    await copyFile(join(parquet, 'index.parquet'), join(dir, 'bucket/sets/my set.parquet'));
    server = await serve(dir);
    server.answer = (request, response) => {
      if (isSigned(request)) return false;
      const code = request.headers.authorization?.includes(key) ? 'SignatureDoesNotMatch' : 'AccessDenied';
      response.writeHead(403, {'content-type': 'application/xml'});
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
      return true;
    };
    const settings = {
      GAN_CACHE_DIR: join(dir, 'cache'),
      AWS_CONFIG_FILE: '/nowhere',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_S3: server.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: secret,
    };
    for (const name of Object.keys(settings)) given[name] = process.env[name];
    Object.assign(process.env, settings);
    retries.firstWaitMs = 5;
  });
  after(async () => {
    retries.firstWaitMs = firstWaitMs;
    for (const [name, value] of Object.entries(given))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    await server.close();
    await rm(dir, {recursive: true, force: true});
  });

  it('are read in parts, with requests that are signed, by a server that breaks connections', async () => {
    server.dropEvery = 3;
    const local = await openRecords(join(parquet, 'index.parquet'));
    const found = await openRecords('s3://bucket/sets/my set.parquet');
    expect(describeRecords(found)).to.equal('Parquet file, 7 pictures, 3 labels');
    for (let i = 0; i < 7; i++) expect(await found.read(i)).to.deep.equal(await local.read(i));
    const missing = await ganError(() => openRecords('s3://bucket/other.zip'));
    expect(missing).to.include({code: 'GAN_DATA_NOT_FOUND', exitCode: 5});
    await writeFile(join(dir, 'bucket/sets/empty.zip'), '');
    const empty = await ganError(() => openRecords('s3://bucket/sets/empty.zip'));
    expect(empty.message).to.contain('it begins with nothing');
    const {names, ...identity} = await local.identify();
    expect(names).to.be.a('string');
    expect(await found.identify()).to.include(identity);
    expect(
      server.requests.every((each) =>
        /^GET \/bucket\/(sets\/(my%20set.parquet|empty.zip)|other.zip) \d+-\d+$/.test(each),
      ),
    ).to.equal(true);
    expect(server.dropped).to.be.greaterThan(0);
    server.dropEvery = 0;
  });

  it('are packed by a process that is killed and by the next one to the bytes of one that was not', async function () {
    this.timeout(120_000);
    const [side, each, program] = [16, 8, join(import.meta.dirname, '../../../bin/run.js')];
    const photos = join(dir, 'photos');
    await mkdir(photos);
    const names = Array.from({length: 3 * each}, (_, i) => `${10 + i}.png`);
    for (const [i, name] of names.entries()) {
      const data = new Uint8Array(side * side * 3).fill(5 * i);
      await writeFile(join(photos, name), await encodePng({data, width: side, height: side, channels: 3}));
    }
    for (const shard of [0, 1])
      await promisify(execFile)('tar', [
        ...['-C', photos, '-cf', join(dir, `bucket/sets/photos-${shard}.tar`)],
        ...names.slice(shard * 1.5 * each, (shard + 1) * 1.5 * each),
      ]);
    const address = 's3://bucket/sets/photos-{0..1}.tar';
    process.env['GAN_DATA_CACHE'] = '0'; // each picture is asked for
    const signed = server.answer!;
    try {
      const [whole, parts] = [join(dir, 'whole.safetensors'), join(dir, 'parts.safetensors')];
      const filesOf = (path: string): string[] =>
        [0, 1, 2].map((shard) => path.replace('.safetensors', `-0000${shard}-of-00003.safetensors`));
      const decode = {size: [side, side], channels: 3, resize: 'crop', decoding: 2} as const; // those of the command
      await packRecords(await openRecords(address), whole, {...decode, shards: 3});

      // the second file gets no more than its first pictures
      let asked = 0;
      server.answer = (request, response) =>
        signed(request, response) || (existsSync(filesOf(parts)[0]!) && ++asked > 3);
      const args = [program, 'data', 'pack', address, parts, '--size', String(side), '--shards', '3'];
      const child = spawn(process.execPath, args, {stdio: 'ignore', timeout: 100_000, killSignal: 'SIGKILL'});
      const ended = once(child, 'close');
      while (asked <= 3 && child.exitCode === null) await tick(20);
      child.kill('SIGKILL');
      expect((await ended)[1]).to.equal('SIGKILL');
      const {mtimeMs} = await stat(filesOf(parts)[0]!);
      expect((await readdir(dir)).filter((name) => name.startsWith('parts')).sort()).to.deep.equal([
        'parts-00000-of-00003.safetensors',
        'parts-00001-of-00003.safetensors.part',
        'parts.safetensors.lock',
      ]);

      server.answer = signed;
      server.dropEvery = 10;
      const {stderr} = await promisify(execFile)(process.execPath, args);
      expect(Number(/^(\d+) pictures were there already$/m.exec(stderr)?.[1])).to.equal(each);
      expect((await stat(filesOf(parts)[0]!)).mtimeMs).to.equal(mtimeMs);
      for (const [i, file] of filesOf(parts).entries()) {
        const bytes = await readFile(file);
        expect(bytes.equals(await readFile(filesOf(whole)[i]!))).to.equal(true);
        const values = Array.from({length: each}, (_, k) => bytes[4096 + k * side * side * 3 + 123]);
        expect(values).to.deep.equal(values.map((_, k) => 5 * (i * each + k)));
      }
      expect((await readdir(dir)).filter((name) => name.startsWith('parts'))).to.have.length(3);
    } finally {
      Object.assign(server, {answer: signed, dropEvery: 0});
      delete process.env['GAN_DATA_CACHE'];
    }
  });

  it('are asked for through a proxy, as HTTP_PROXY and NO_PROXY say', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url!);
      const {port, hostname} = new URL(server.url);
      const target = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const script = `
      import {openRandomAccess} from ${JSON.stringify(new URL('../random-access-file.js', s3).href)};
      const file = await openRandomAccess('s3://bucket/sets/my set.parquet');
      console.log((await file.read(0, 4)).toString());`;
    const read = async (env: Record<string, string>): Promise<string> => {
      const settings = {...process.env, GAN_DATA_CACHE: '0', AWS_ENDPOINT_URL_S3: 'http://storage.invalid', ...env};
      const child = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {env: settings});
      return (await child).stdout.trim();
    };
    try {
      const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      expect(await read({HTTP_PROXY})).to.equal('PAR1'); // this machine does not know the storage's name
      expect(asked[0]).to.equal('storage.invalid:80');
      const direct = {AWS_ENDPOINT_URL_S3: server.url, HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1'};
      expect(await read(direct)).to.equal('PAR1');
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('are refused to who has other keys, or none', async () => {
    const ask = (name: string) =>
      ganError(async () => {
        const transport = (await anew(name)).s3Transport('s3://bucket/sets/my set.parquet');
        return withRetries(transport, () => transport.look());
      });
    process.env['AWS_SECRET_ACCESS_KEY'] = 'other';
    const other = await ask('other');
    expect(other).to.include({code: 'GAN_DATA_REFUSED', exitCode: 5});
    expect(other.message).to.contain('bucket bucket').and.contain('SignatureDoesNotMatch');
    expect(other.suggestions.join()).to.contain('AWS_PROFILE');
    const signed = server.answer!;
    server.answer = (_, response) => {
      const body =
        '<?xml version="1.0"?><Error><Code>ExpiredToken</Code><Message>The token has expired</Message></Error>';
      response.writeHead(400, {'content-type': 'application/xml'}).end(body);
      return true;
    };
    const expired = await ask('expired').finally(() => (server.answer = signed));
    expect(expired).to.include({code: 'GAN_DATA_REFUSED', exitCode: 5});
    expect(expired.message).to.contain('ExpiredToken: The token has expired');
    expect(expired.suggestions.join()).to.contain('have not expired');
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    const none = await ask('none');
    expect(none).to.include({code: 'GAN_S3_SETTINGS', exitCode: 3});
    expect(String(none.suggestions)).to.contain('AWS_ACCESS_KEY_ID');
    for (const name of ['AWS_REGION', 'AWS_ENDPOINT_URL_S3']) delete process.env[name];
    const nowhere = await ask('nowhere');
    expect(nowhere).to.include({code: 'GAN_S3_SETTINGS', exitCode: 3});
    expect(String(nowhere.suggestions)).to.contain('AWS_REGION');
  });
}).timeout(60_000);
