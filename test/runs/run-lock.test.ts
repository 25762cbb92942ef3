import {expect} from 'chai';
import {spawn, type ChildProcess} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync} from 'node:fs';
import {once} from 'node:events';
import path from 'node:path';
import {claimFolder, claimNumbered} from '../../dist/runs/claim-folder.js';
import {isLockFile} from '../../dist/runs/run-folder.js';
import {isInUse, lockRun} from '../../dist/runs/run-lock.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';

const lockFile = (dir: string): string => path.join(dir, 'lock.json');
const lockIn = (dir: string): Record<string, unknown> =>
  JSON.parse(readFileSync(lockFile(dir), 'utf8')) as Record<string, unknown>;
/** Changes what a lock says. */
const rewrite = (dir: string, change: Record<string, unknown>): void =>
  writeFileSync(lockFile(dir), JSON.stringify({...lockIn(dir), ...change}));
/** Makes a lock's last sign of life so old. */
const age = (dir: string, minutes: number): void => {
  const then = Date.now() / 1000 - 60 * minutes;
  utimesSync(lockFile(dir), then, then);
};

const children: ChildProcess[] = [];

/** A process that takes the lock of a folder and lives on. */
async function holder(dir: string): Promise<ChildProcess> {
  const module = new URL('../../dist/runs/run-lock.js', import.meta.url).href;
  const code = `import {lockRun} from '${module}'; await lockRun(${JSON.stringify(dir)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code]);
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

describe('the lock of a run folder', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await end(child);
    removeFolders();
  });

  it('is held by one, and names it: process, machine, since when', async () => {
    const dir = folder();
    const lock = await lockRun(dir);
    expect(lockIn(dir)).to.include({pid: process.pid}).and.to.have.property('host');
    const error = await ganError(() => lockRun(dir));
    expect(error).to.include({code: 'GAN_RUN_IN_USE', exitCode: 2});
    expect(error.message)
      .to.contain(String(process.pid))
      .and.contain(String(lockIn(dir)['since']));
    lock.release();
    expect(readdirSync(dir)).to.deep.equal([]);
    (await lockRun(dir)).release();
  });

  it('of a process that was killed is taken over, and that of one that lives is not', async () => {
    const dir = folder();
    const child = await holder(dir);
    expect(await ganError(() => lockRun(dir))).to.include({code: 'GAN_RUN_IN_USE'});
    expect((await ganError(() => lockRun(dir))).suggestions.join()).to.contain(`kill -INT ${child.pid}`);
    await end(child);
    expect(existsSync(lockFile(dir))).to.equal(true);
    const lock = await lockRun(dir);
    expect(lockIn(dir)).to.include({pid: process.pid});
    lock.release();
    expect(readdirSync(dir)).to.deep.equal([]);
  });

  it('is taken over by one of many that try at once', async () => {
    for (let round = 0; round < 20; round++) {
      const dir = folder();
      const lock = await lockRun(dir);
      const left = readFileSync(lockFile(dir));
      lock.release();
      writeFileSync(lockFile(dir), left.toString().replace(/"start":"\d+"/, '"start":"1"'));
      if (process.platform !== 'linux') age(dir, 60);
      const tries = await Promise.allSettled(Array.from({length: 8}, () => lockRun(dir)));
      const won = tries.filter(({status}) => status === 'fulfilled');
      expect(won).to.have.length(1);
      for (const each of tries) if (each.status === 'fulfilled') each.value.release();
      expect(readdirSync(dir)).to.deep.equal([]);
    }
  });

  it('tells a process number that was given to another process by the time of its start', async function () {
    if (process.platform !== 'linux') return this.skip();
    const dir = folder();
    const lock = await lockRun(dir);
    expect(isInUse(dir)).to.equal(true);
    rewrite(dir, {start: '1'});
    expect(isInUse(dir)).to.equal(false);
    lock.release();
  });

  it('of another machine is left over after five minutes without a sign of life', async () => {
    const dir = folder();
    (await lockRun(dir)).release();
    write(dir, {
      'lock.json': JSON.stringify({
        token: '0123456789abcdef',
        host: 'elsewhere',
        pid: 1,
        start: '1',
        boot: 'another',
        since: '2026-01-01T00:00:00.000Z',
        dir,
      }),
    });
    age(dir, 4);
    const {message, suggestions} = await ganError(() => lockRun(dir));
    expect(message).to.contain('elsewhere').and.contain('240 s ago');
    expect(suggestions.join()).to.contain('elsewhere');
    age(dir, 6);
    (await lockRun(dir)).release();
  });

  it('that is damaged, or of a stranger, is refused while it is young, and harms nothing', async () => {
    for (const text of ['', '{', 'null', '[]', '{"token":"../../x","pid":-1,"host":"\u001b[31m"}', '"x"']) {
      const dir = folder();
      writeFileSync(lockFile(dir), text);
      const {code, message} = await ganError(() => lockRun(dir));
      expect(code, text).to.equal('GAN_RUN_IN_USE');
      expect(message).not.to.contain('\u001b');
      age(dir, 6);
      (await lockRun(dir)).release();
      expect(readdirSync(dir)).to.deep.equal([]);
    }
  });

  it('that was copied with the folder is none', async () => {
    const [dir, copy] = [folder(), path.join(folder(), 'copy')];
    const lock = await lockRun(dir);
    cpSync(dir, copy, {recursive: true});
    (await lockRun(copy)).release();
    expect(isInUse(dir)).to.equal(true);
    lock.release();
  });

  it('that was lost is noticed, and that of the new owner stays', async () => {
    const dir = folder();
    const lock = await lockRun(dir);
    lock.check();
    rewrite(dir, {token: 'fedcba9876543210'});
    expect(await ganError(() => lock.check())).to.include({code: 'GAN_RUN_LOST'});
    expect(lock.isHeld).to.equal(false);
    lock.release();
    expect(lockIn(dir)).to.include({token: 'fedcba9876543210'});
  });

  it('counts what a crash in the middle of taking it left as files of the lock', () => {
    expect(['lock.json', 'lock.0123456789abcdef.json', 'lock.json.0123456789abcdef.tmp'].every(isLockFile)).to.equal(
      true,
    );
    expect(['lock.txt', 'lock.json.bak', 'my-lock.json'].some(isLockFile)).to.equal(false);
  });
});

describe('a folder for a new run', () => {
  afterEach(removeFolders);

  it('is another one for each of many that ask at once', async () => {
    const stem = path.join(folder(), 'runs', 'wgan-shapes');
    const locks = await Promise.all(Array.from({length: 12}, () => claimNumbered(stem)));
    expect(new Set(locks.map(({dir}) => dir)).size).to.equal(12);
    locks.forEach((lock) => lock.release());
    expect(readdirSync(path.dirname(stem))).to.deep.equal([]); // nothing was written into them
  });

  it('is one that a process left which ended before it trained', async () => {
    const stem = path.join(folder(), 'runs', 'wgan-shapes');
    mkdirSync(`${stem}-1`, {recursive: true});
    await end(await holder(`${stem}-1`));
    const locks = await Promise.all([claimNumbered(stem), claimNumbered(stem)]);
    expect(locks.map(({dir}) => path.basename(dir)).sort()).to.deep.equal(['wgan-shapes-1', 'wgan-shapes-2']);
    locks.forEach((lock) => lock.release());
  });

  it('goes away with a process that ends before it has written to it', async () => {
    const out = path.join(folder(), 'out');
    const module = new URL('../../dist/runs/claim-folder.js', import.meta.url).href;
    const code = `import {claimFolder} from '${module}'; await claimFolder(${JSON.stringify(out)}); process.exit(3);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code]);
    expect((await once(child, 'close'))[0]).to.equal(3);
    expect(existsSync(path.dirname(out))).to.equal(true);
    expect(existsSync(out)).to.equal(false);
  });

  it('of a name that was given goes to one, and what came in between is refused', async () => {
    const out = path.join(folder(), 'out');
    const tries = await Promise.allSettled(Array.from({length: 6}, () => claimFolder(out)));
    const won = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(won).to.have.length(1);
    won[0]!.release();
    write(out, {'notes.txt': 'mine'});
    expect(await ganError(() => claimFolder(out))).to.include({code: 'GAN_OUT_EXISTS', exitCode: 2});
    expect(readdirSync(out)).to.deep.equal(['notes.txt']);
  });
});
