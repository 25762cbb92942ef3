import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {createHash, createHmac} from 'node:crypto';
import {copyFile, mkdir, mkdtemp, rm} from 'node:fs/promises';
import type {IncomingMessage} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {serve, type Served} from './server.js';

const [key, secret] = ['AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'];
const parquet = join(import.meta.dirname, 'parquet');

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

/** Opens a set in a process of its own, as settings of the storage are read once. */
async function open(env: Record<string, string>, ...addresses: string[]): Promise<Record<string, unknown>[]> {
  const records = join(import.meta.dirname, '../../../dist/gan/data/records/open.js');
  const script = `
    const {openRecords, describeRecords} = await import(process.argv[1]);
    const found = [];
    for (const address of process.argv.slice(2))
      try {
        const records = await openRecords(address);
        const bytes = [];
        for (let i = 0; i < records.size; i++) bytes.push((await records.read(i)).length);
        found.push({line: describeRecords(records), bytes, identity: await records.identify()});
      } catch ({code, message, exitCode, suggestions}) {
        found.push({code, message, exitCode, suggestions});
      }
    console.log(JSON.stringify(found));`;
  const {stdout} = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script, records, ...addresses],
    {
      env: {
        ...process.env,
        AWS_CONFIG_FILE: '/nowhere',
        AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
        AWS_EC2_METADATA_DISABLED: 'true',
        ...env,
      },
    },
  );
  return JSON.parse(stdout) as Record<string, unknown>[];
}

describe('objects in storage that speaks S3', () => {
  let dir: string;
  let server: Served;
  let settings: Record<string, string>;

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
    settings = {
      GAN_CACHE_DIR: join(dir, 'cache'),
      AWS_ENDPOINT_URL_S3: server.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: secret,
    };
  });
  after(async () => {
    await server.close();
    await rm(dir, {recursive: true, force: true});
  });

  it('are read in parts, with requests that are signed, by a server that breaks connections', async () => {
    server.dropEvery = 3;
    const {openRecords} = await import('../../../dist/gan/data/records/open.js');
    const local = await openRecords(join(parquet, 'index.parquet'));
    const [found, missing] = await open(settings, 's3://bucket/sets/my set.parquet', 's3://bucket/other.zip');
    expect(missing).to.include({code: 'GAN_DATA_NOT_FOUND', exitCode: 5});
    expect(found!).to.include({line: 'Parquet file, 7 pictures, 3 labels'});
    const {names, ...identity} = await local.identify();
    expect(names).to.be.a('string');
    expect(found!['identity']).to.include(identity);
    expect(
      server.requests.every((each) => /^GET \/bucket\/(sets\/my%20set.parquet|other.zip) \d+-\d+$/.test(each)),
    ).to.equal(true);
    expect(server.dropped).to.be.greaterThan(0);
    server.dropEvery = 0;
  });

  it('are refused to who has other keys, or none', async () => {
    const address = 's3://bucket/sets/my set.parquet';
    const [other] = await open({...settings, AWS_SECRET_ACCESS_KEY: 'other'}, address);
    expect(other!).to.include({code: 'GAN_DATA_REFUSED', exitCode: 5});
    expect(other!['message']).to.contain('bucket bucket').and.contain('SignatureDoesNotMatch');
    const {AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...nothing} = settings;
    expect([AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]).to.deep.equal([key, secret]);
    const [none] = await open(nothing, address);
    expect(none!).to.include({code: 'GAN_S3_SETTINGS', exitCode: 3});
    expect(String(none!['suggestions'])).to.contain('AWS_ACCESS_KEY_ID');
  });
}).timeout(60_000);
