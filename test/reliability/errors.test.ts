import {expect} from 'chai';
import {spawn} from 'node:child_process';
import {cpSync, readFileSync, rmSync, statSync} from 'node:fs';
import {constants} from 'node:os';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {isGanError} from '../../dist/errors.js';
import {openTraining} from '../../dist/runs/open-training.js';
import type {RunConfig} from '../../dist/options/run-config.js';
import {root} from '../commands/helpers.js';
import {WarmProcess} from '../commands/warm.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {openCpu, tinyConfig} from '../runs/helpers.js';
import {compilePreload, contentOf, differences, isLong, runSuite, type Outcome} from './support.js';

/** Four steps in two epochs; after each a checkpoint, after every second a grid. */
const set = ['source.count=16', 'epochs=2', 'checkpointEvery=1', 'keepCheckpoints=2', 'sampleEvery=2'];

const {ENOSPC, EIO, EACCES, EROFS, EDQUOT, EMFILE, ENOENT, ENAMETOOLONG, EBUSY, EFBIG, ENOMEM, ENOTDIR, ESTALE} =
  constants.errno;
const all = {ENOSPC, EIO, EACCES, EROFS, EDQUOT, EMFILE, ENOENT, ENAMETOOLONG, EBUSY, EFBIG, ENOMEM, ENOTDIR, ESTALE};

interface Job {
  /** The change of a file that fails, counted from 1, and its line in the list of changes. */
  change: number;
  line: string;
  errno: keyof typeof all;
  /** All changes after it fail, too. */
  sticky: boolean;
}

describe('a training that the system refuses something', function () {
  let device: Device;
  let config: RunConfig;
  let preload: string | undefined;
  let half: string;
  let whole: Map<string, string>;
  let changes: string[];

  before(async function () {
    const home = folder();
    preload = compilePreload('crash-points', home);
    if (preload === undefined) return this.skip();
    device = await openCpu();
    config = await tinyConfig(set);
    half = path.join(home, 'half');
    const training = await openTraining({...config, steps: 2}, {device});
    await training.fit(half);
    await training.close();
    const [dir, log] = [path.join(home, 'whole'), path.join(home, 'log')];
    const ran = await resume(dir, {CRASH_LOG: log});
    expect(ran.code, ran.text).to.equal(0);
    whole = contentOf(dir);
    changes = readFileSync(log, 'utf8').trimEnd().split('\n');
  });
  after(async () => {
    await device?.close();
    removeFolders();
  });

  let warm: WarmProcess | undefined;
  let jobs = 0;

  /** Goes on with a copy of the run of two steps, in a process where changes of files can be made to fail. */
  async function resume(dir: string, env: Record<string, string>): Promise<{code: number; text: string}> {
    cpSync(half, dir, {recursive: true});
    if (!warm?.usable) warm = new WarmProcess(path.join(root, 'bin/run.js'), {LD_PRELOAD: preload!});
    const args = ['fit', '--resume', dir, '--steps', '4', '--backend', 'wasm', '--threads', '1', '--json', '--quiet'];
    const {code, stdout, stderr} = await warm.run({
      args,
      cwd: path.dirname(dir),
      env: {...process.env, CRASH_DIR: dir, CRASH_JOB: String(++jobs), ...env},
    });
    rmSync(path.join(dir, 'lock.json'), {force: true}); // what would be left of a process that has ended
    return {code, text: `${stdout}\n${stderr}`};
  }

  /** What of the files may differ where a refused change was one that the training can go on without. */
  const mayDiffer = (fault: string): boolean =>
    /^config\.origins\.json/.test(fault) ||
    (/^(samples|checkpoints)\//.test(fault) && /missing|should not/.test(fault));

  async function refused({change, errno, sticky}: Job): Promise<Outcome> {
    const dir = path.join(folder(), 'run');
    const {code, text} = await resume(dir, {
      CRASH_AT: String(change),
      CRASH_ERRNO: String(all[errno]),
      ...(sticky && {CRASH_STICKY: '1'}),
    });
    if (code === 0)
      return {came: 'went on', wrong: differences(contentOf(dir), whole).filter((each) => !mayDiffer(each))};
    const wrong: string[] = [];
    const line = text.split('\n').find((each) => each.startsWith('{"error"'));
    const error = line === undefined ? undefined : (JSON.parse(line) as {error: Record<string, unknown>}).error;
    if (![2, 4, 5].includes(code))
      wrong.push(`exit ${code}: ${text.slice(text.indexOf('{"error"'), text.indexOf('{"error"') + 500)}`);
    if (error?.['stack'] !== undefined || error?.['code'] === 'GAN_BUG' || /^ +at /m.test(text)) wrong.push('a stack');
    if (!String(error?.['message']).includes(dir)) wrong.push(`no path: ${String(error?.['message'])}`);
    if ((error?.['suggestions'] as string[] | undefined)?.length === 0) wrong.push('no advice');
    try {
      const training = await openTraining({...config, steps: 4}, {device, resume: dir});
      await training.fit(dir);
      await training.close();
      wrong.push(...differences(contentOf(dir), whole).filter((each) => !mayDiffer(each)));
    } catch (failure) {
      if (!isGanError(failure) || failure.code !== 'GAN_NOTHING_TO_DO') throw failure;
    }
    return {came: `exit ${code}`, wrong};
  }

  /** Node makes a folder again and again while the system says that the one above it is missing. */
  const endsInNode = ({errno, sticky}: Job): boolean => !(errno === 'ENOENT' && sticky);

  it('says what and where, and goes on from where it was', async function () {
    const names = Object.keys(all) as Job['errno'][];
    const jobs = changes.flatMap((line, i) =>
      names.flatMap((errno) => [false, true].map((sticky): Job => ({change: i + 1, line, errno, sticky}))),
    );
    await runSuite({
      name: 'errors of the system',
      all: jobs.filter(endsInNode),
      short: 12,
      run: refused,
      told: ({change, errno, sticky, line}) => `${errno} at ${change}${sticky ? ' and all after it' : ''} (${line})`,
    });
  });

  it('says so when the command line itself cannot write its output', async function () {
    if (!statSync('/dev/full', {throwIfNoEntry: false})?.isCharacterDevice()) return this.skip();
    const child = spawn('sh', ['-c', '"$0" "$1" parts > /dev/full', process.execPath, path.join(root, 'bin/run.js')]);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).to.match(/GAN_NO_SPACE: The standard output cannot be written/);
    expect(code).to.equal(5);
  });
}).timeout(isLong ? 0 : 120_000);
