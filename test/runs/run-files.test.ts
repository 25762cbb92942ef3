import {expect} from 'chai';
import {appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {writeFileAtomic} from '../../dist/gan/io/atomic-write.js';
import {readSafetensors, writeSafetensors} from '../../dist/gan/io/safetensors.js';
import {isRunEntry, RunFolder} from '../../dist/runs/run-folder.js';
import {findRuns, summariseRuns} from '../../dist/runs/run-summary.js';
import type {TrainEvent} from '../../dist/runs/train.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {fit, metrics, newest, openCpu, tinyConfig} from './helpers.js';

const set = [
  'source.count=24',
  'batchSize=4',
  'metrics=swd',
  'metrics.swd.directions=4',
  'metricImages=8',
  'keepBest=swd',
];

describe('the files of a run', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  async function train(dir: string, steps: number, resume = false): Promise<string[]> {
    const warnings: string[] = [];
    const notify = (event: TrainEvent): void => void (event.type === 'warning' && warnings.push(event.message));
    await fit({device, dir, set: [...set, `steps=${steps}`], resume, notify});
    return warnings;
  }
  const read = (file: string): string => readFileSync(file, 'utf8');

  it('that are only a record are set aside when they are damaged, and the training goes on', async () => {
    const dir = path.join(folder(), 'run');
    await train(dir, 6);
    const damaged = ['sessions.json', 'config.origins.json', path.join('checkpoints', 'best.json')];
    writeFileSync(path.join(dir, 'config.origins.json'), '');
    for (const file of damaged) writeFileSync(path.join(dir, file), '{"cut');
    const folderOf = new RunFolder(dir);
    const warnings = await train(dir, 12, true);
    await folderOf.writeOrigins({lr: '--lr'}, true);
    for (const file of damaged) expect(read(path.join(dir, `${file}.damaged-1`)), file).to.equal('{"cut');
    for (const file of [damaged[0]!, damaged[2]!])
      expect(
        warnings.filter((line) => line.includes(file) && line.includes(`${file}.damaged-1`)),
        file,
      ).to.have.length(1);
    expect((await folderOf.readSessions()).map(({afterStep}) => afterStep)).to.deep.equal([6]);
    expect(await folderOf.readOrigins()).to.deep.equal({lr: '--lr'});
    expect((await folderOf.best())!.metric).to.equal('swd');
    expect(readdirSync(dir).filter((name) => !isRunEntry(name))).to.deep.equal([]); // `gan runs rm` takes them
  });

  it('that the training needs are refused when they are not as gan wrote them, unless somebody takes the checksum out', async () => {
    const dir = path.join(folder(), 'run');
    await train(dir, 6);
    const config = path.join(dir, 'config.json');
    const right = read(config);
    writeFileSync(config, right.replace('"latent": 8', '"latent": 9'));
    const error = await ganError(() => new RunFolder(dir).readConfig());
    expect(error).to.include({code: 'GAN_FILE_BROKEN', exitCode: 5});
    expect(error.message).to.contain(config).and.contain('checksum');
    writeFileSync(config, right.replace('"checksum"', '"cheaksum"'));
    expect(await ganError(() => new RunFolder(dir).readConfig())).to.include({code: 'GAN_FILE_BROKEN'});
    writeFileSync(config, right.replace('"latent": 8', '"latent": 9'));
    writeFileSync(config, read(config).replace(/,\s*"checksum": "\w+"/, ''));
    expect(await new RunFolder(dir).readConfig()).to.include({latent: 9});
    writeFileSync(config, JSON.stringify(JSON.parse(right))); // another layout, the same values
    expect(await new RunFolder(dir).readConfig()).to.include({latent: 8});

    const best = path.join(dir, 'checkpoints', 'best.json');
    writeFileSync(best, read(best).replace('"step":6', '"step":5'));
    const asked = await ganError(() => new RunFolder(dir).checkpointOf('best'));
    expect(asked).to.include({code: 'GAN_FILE_BROKEN', exitCode: 5});
    expect(asked.message).to.contain(best);
  });

  it('a checkpoint of before there were checksums and totals is gone on from', async () => {
    const dir = path.join(folder(), 'run');
    await train(dir, 9);
    const file = path.join(newest(dir, 'checkpoints'), 'state.json');
    const {checksum: _, ...state} = JSON.parse(read(file)) as {checksum: string; callbacks: Record<string, unknown>};
    delete state.callbacks['log-metrics'];
    writeFileSync(file, JSON.stringify(state));
    await train(dir, 12, true);
    const now = JSON.parse(read(path.join(newest(dir, 'checkpoints'), 'state.json'))) as typeof state;
    const rows = metrics(dir).filter(({row}) => row !== undefined);
    expect(rows.map(({epoch}) => epoch)).to.deep.equal([0, 1]);
    const seconds = rows.reduce((sum, line) => sum + (line['seconds'] as number), 0);
    const totals = now.callbacks['log-metrics'] as {elapsedMs: number; last: unknown};
    expect(totals.elapsedMs).to.be.closeTo(seconds * 1000, 1e-6);
    expect(totals.last).to.deep.equal({step: 12, epoch: 1, row: rows[1]!['row']});
  });

  it('tensors of a run that stopped and went on are the same bytes, names in the same order', async () => {
    const [whole, parts] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await train(whole, 12);
    await train(parts, 5);
    await train(parts, 12, true);
    const tensors = (dir: string): Buffer => readFileSync(path.join(newest(dir, 'checkpoints'), 'tensors.safetensors'));
    expect(tensors(parts).equals(tensors(whole))).to.equal(true);
  });

  it('weights of --init that are not finite are a fault of their file', async () => {
    const dir = path.join(folder(), 'run');
    await train(dir, 6);
    const {tensors} = await readSafetensors(path.join(newest(dir, 'checkpoints'), 'tensors.safetensors'));
    const weights = new Map(
      [...tensors].flatMap(([name, tensor]) => (name.startsWith('model.') ? [[name.slice(6), tensor]] : [])),
    );
    [...weights].find(([name]) => name.startsWith('critic.'))![1].data[0] = NaN as never;
    const init = path.join(folder(), 'weights.safetensors');
    await writeSafetensors(init, weights);
    const error = await ganError(() =>
      fit({device, dir: path.join(folder(), 'run'), set: [...set, 'steps=6', `init=${init}`]}),
    );
    expect(error).to.include({code: 'GAN_FILE_BROKEN', exitCode: 5});
    expect(error.message).to.contain(init).and.contain('critic.');
  });

  it('one bad run does not break the list of all', async () => {
    const dir = folder();
    for (const name of ['a', 'b', 'c', 'd', 'e']) mkdirSync(path.join(dir, name));
    const config = JSON.stringify(await tinyConfig());
    for (const name of ['a', 'e']) writeFileSync(path.join(dir, name, 'config.json'), config);
    writeFileSync(path.join(dir, 'b', 'config.json'), '{"architectures": ["BertModel"], "hidden_size": 768}');
    writeFileSync(path.join(dir, 'c', 'config.json'), `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`);
    mkdirSync(path.join(dir, 'd', 'config.json'));
    appendFileSync(path.join(dir, 'e', 'metrics.jsonl'), '{"step":3}\nnull\n');
    const {runs, refused} = await summariseRuns(await findRuns(dir));
    expect(runs.map((run) => [path.basename(run.dir), run.step]).sort()).to.deep.equal([
      ['a', 0],
      ['e', 3],
    ]);
    expect(refused.map((each) => path.basename(each.dir)).sort()).to.deep.equal(['b', 'c', 'd']);
    for (const {dir: bad, why} of refused) expect(why).to.contain(path.join(bad, 'config.json'));
  });

  it('are written whole or not at all, and what fails leaves nothing behind', async () => {
    const dir = folder();
    const file = path.join(dir, 'file');
    await Promise.all(Array.from({length: 8}, (_, i) => writeFileAtomic(file, String(i).repeat(100_000))));
    expect(new Set(read(file)).size).to.equal(1);
    expect(readdirSync(dir)).to.deep.equal(['file']);
    mkdirSync(path.join(dir, 'taken'));
    writeFileSync(path.join(dir, 'taken', 'x'), '');
    expect(
      await writeFileAtomic(path.join(dir, 'taken'), 'x').then(
        () => 'written',
        (error: NodeJS.ErrnoException) => error.code,
      ),
    ).to.match(/^E/);
    expect(readdirSync(dir).sort()).to.deep.equal(['file', 'taken']);
    expect(existsSync(path.join(dir, 'taken', 'x'))).to.equal(true);
  });
});
