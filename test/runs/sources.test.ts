import {expect} from 'chai';
import path from 'node:path';
import {cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {crc32} from 'node:zlib';
import sharp from 'sharp';
import type {Device} from '../../dist/backends/device.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {Rng} from '../../dist/gan/rng.js';
import {serve} from '../gan/data/server.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';
import {expectSame, newest, openCpu, results, tinySettings} from './helpers.js';

const pictures = 24;

async function picture(rng: Rng): Promise<Buffer> {
  const data = Uint8Array.from({length: 16 * 16 * 3}, () => rng.int(256));
  return sharp(data, {raw: {width: 16, height: 16, channels: 3}})
    .png()
    .toBuffer();
}

/** A tar archive as POSIX has it, byte by byte. */
function tar(members: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const blocks = members.flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write('0ustar\x0000', 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return [header, content, Buffer.alloc(-content.length & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A zip archive of stored members, byte by byte. */
function zip(members: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const [files, directory]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const [name, content] of members) {
    const facts = Buffer.alloc(26); // what both headers have
    facts.writeUInt16LE(20, 0);
    facts.writeUInt32LE(crc32(content), 10);
    facts.writeUInt32LE(content.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(14);
    central.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), facts, central, Buffer.from(name));
    files.push(Buffer.from('PK\x03\x04', 'latin1'), facts, Buffer.from(name), content);
    at += 30 + name.length + content.length;
  }
  const end = Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1');
  const listed = Buffer.concat(directory);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, listed, end]);
}

async function fit({
  device,
  dir,
  set,
  resume,
}: {
  device: Device;
  dir: string;
  set: string[];
  resume?: boolean;
}): Promise<void> {
  const registry = openRegistry();
  const tiny = tinySettings.filter((text) => !text.startsWith('source.'));
  const {config} = await resolveConfig({registry, set: [...tiny, ...set], ignoreFiles: true});
  const training = await openTraining(config, {registry, device, ...(resume && {resume: dir})});
  try {
    await training.fit(dir);
  } finally {
    await training.close();
  }
}

describe('a run on an archive', () => {
  let device: Device;
  let members: (readonly [name: string, content: Buffer])[];
  before(async () => {
    device = await openCpu();
    const rng = new Rng(1);
    members = [];
    for (let i = 0; i < pictures; i++) members.push([`${i % 2 ? 'cats' : 'dogs'}/${i + 10}.png`, await picture(rng)]);
    members.sort(([a], [b]) => (a < b ? -1 : 1));
  });
  after(() => device.close());
  afterEach(removeFolders);

  const shardsIn = (dir: string): string => {
    for (let shard = 0; shard < 3; shard++)
      writeFileSync(path.join(dir, `train-${shard}.tar`), tar(members.slice(8 * shard, 8 * shard + 8)));
    return dir;
  };

  it('stops in the middle of an epoch over shards and goes on bit for bit, also when they have moved', async () => {
    const shards = shardsIn(folder());
    const [whole, parts] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await fit({device, dir: whole, set: [`data=${shards}`, 'steps=5']});
    await fit({device, dir: parts, set: [`data=${shards}`, 'steps=2']});
    const moved = path.join(folder(), 'moved');
    renameSync(shards, moved);
    await fit({device, dir: parts, set: [`data=${moved}`, 'steps=5'], resume: true});
    const [got, wanted] = [await results(parts), await results(whole)];
    expectSame(got, wanted);

    const checkpoint = newest(parts, 'checkpoints');
    const kept = readFileSync(path.join(checkpoint, 'state.json'), 'utf8');
    expect(kept)
      .to.match(/"items":\s*24/)
      .and.to.match(/"content":\s*"[0-9a-f]{64}"/);
    const goOn = () => fit({device, dir: parts, set: [`data=${moved}`, 'steps=6'], resume: true});
    const shard = path.join(moved, 'train-1.tar');
    const bytes = readFileSync(shard);
    const other = Buffer.from(bytes);
    other[600]! ^= 1; // a pixel of the first picture
    writeFileSync(shard, other);
    expect(await ganError(goOn)).to.include({code: 'GAN_DATA_CHANGED', exitCode: 5});
    rmSync(shard);
    expect((await ganError(goOn)).message)
      .to.contain('there were 24 items')
      .and.to.contain('now there are 16');
    writeFileSync(shard, bytes);
    await goOn();
  });

  it('ends with the same bits over HTTP, from a server that drops every tenth connection', async () => {
    const shards = shardsIn(folder());
    const [local, remote] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    const server = await serve(shards);
    const before = process.env['GAN_DATA_CACHE'];
    process.env['GAN_DATA_CACHE'] = '0'; // so that each picture is asked for
    server.dropEvery = 10;
    try {
      const address = `${server.url.replace('//', '//ada:s3cret@')}/train-{0..2}.tar?key=s3cret`;
      await fit({device, dir: local, set: [`data=${shards}`, 'steps=5']});
      await fit({device, dir: remote, set: [`data=${address}`, 'steps=3']});
      expect(server.dropped).to.be.greaterThan(2);
      expect(server.headers.at(-1)!.authorization).to.be.a('string');
      await fit({device, dir: remote, set: [`data=${address}`, 'steps=5'], resume: true});
      expectSame(await results(remote), await results(local));
      for (const file of readdirSync(remote, {recursive: true, withFileTypes: true}))
        if (file.isFile())
          expect(readFileSync(path.join(file.parentPath, file.name)).includes('s3cret'), file.name).to.equal(false);
      expect(readFileSync(path.join(remote, 'config.json'), 'utf8')).to.contain(
        `${server.url.replace('//', '//***@')}/train-{0..2}.tar?key=***`,
      );
    } finally {
      await server.close();
      if (before === undefined) delete process.env['GAN_DATA_CACHE'];
      else process.env['GAN_DATA_CACHE'] = before;
    }
  });

  it('is that on the folder, and goes on with the one in place of the other', async () => {
    const photos = folder();
    for (const [name, content] of members) {
      write(photos, {[name]: ''});
      writeFileSync(path.join(photos, name), content);
    }
    const archive = path.join(folder(), 'photos.zip');
    writeFileSync(archive, zip(members.map(([name, content]) => [`photos/${name}`, content] as const)));
    const [whole, parts, copy] = [path.join(folder(), 'run'), path.join(folder(), 'run'), path.join(folder(), 'run')];
    await fit({device, dir: whole, set: [`data=${photos}`, 'steps=5']});
    await fit({device, dir: parts, set: [`data=${photos}`, 'steps=2']});
    cpSync(parts, copy, {recursive: true});
    await fit({device, dir: parts, set: [`data=${archive}`, 'steps=5'], resume: true});
    expectSame(await results(parts), await results(whole));

    const renamed = members.map(([name, content]) => [name.replace('cats/', 'lions/'), content] as const);
    writeFileSync(archive, zip(renamed));
    const error = await ganError(() => fit({device, dir: copy, set: [`data=${archive}`, 'steps=5'], resume: true}));
    expect(error.message).to.contain('some have other names');
  });
});
