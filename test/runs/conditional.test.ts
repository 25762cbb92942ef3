import {expect} from 'chai';
import {copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {openRun, openTraining, RunFolder, type Device, type GanConfig} from 'gankit';
import {tf} from '../../dist/backends/tf.js';
import {evaluationsSection} from '../../dist/cli/report/evaluations.js';
import type {Html} from '../../dist/cli/report/html.js';
import {checkClasses, type Classes} from '../../dist/gan/classes.js';
import {conditionalSource} from '../../dist/gan/data/conditional-source.js';
import {fromSource} from '../../dist/gan/data/data-loaders.js';
import {encodePng} from '../../dist/gan/data/png.js';
import {recordSource} from '../../dist/gan/data/record-source.js';
import {countLabels} from '../../dist/gan/data/records/labels.js';
import {openRecords} from '../../dist/gan/data/records/open.js';
import {sourceRecords} from '../../dist/gan/data/records/source-records.js';
import {readCheckpointState} from '../../dist/gan/checkpoint.js';
import type {FiniteSource} from '../../dist/gan/data/types.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {newest, openCpu} from './helpers.js';

const settings: GanConfig = {
  data: 'builtin:shapes',
  source: {count: 60},
  size: 8,
  latent: 4,
  recipe: 'gan',
  batchSize: 8,
  arch: {name: 'light', nFeatures: 2},
  conditional: true,
  checkpointEvery: 0,
  sampleEvery: 0,
  steps: 6,
};

describe('a conditional run', () => {
  let device: Device;
  let dir: string;
  let kinds: readonly string[];
  before(async () => {
    device = await openCpu();
    dir = path.join(folder(), 'run');
    await train(dir, settings);
    kinds = (await new RunFolder(dir).readClasses())!.names;
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  async function train(to: string, given: GanConfig, resume?: string): Promise<void> {
    const training = await openTraining(given, {device, ...(resume !== undefined && {resume})});
    try {
      await training.fit(to);
    } finally {
      await training.close();
    }
  }

  it('keeps the classes, their order and their numbers in its folder and in its checkpoints', async () => {
    const kept = (await new RunFolder(dir).readClasses())!;
    const {callbacks} = await readCheckpointState(newest(dir, 'checkpoints'));
    expect(checkClasses(callbacks['classes'], '')).to.deep.equal(kept);
    expect(kept.names).to.include('circle');
    expect(kept.common.reduce((sum, {images}) => sum + images, 0)).to.equal(60);
  });

  it('draws the classes that are asked for, without the data: by name, by number, or mixed', async () => {
    const run = await openRun(dir, {device});
    const each = await run.generate({n: 2, seed: 3, classes: [kinds[1]!, 0, {[kinds[1]!]: 0.5, [kinds[0]!]: 0.5}]});
    expect(each.shape).to.deep.equal([6, 8, 8, 3]);
    const bytes = (from: number, n = 2): number[] => [...each.data.subarray(from * 192, (from + n) * 192)];
    const one = async (choice: string | number): Promise<number[]> => [
      ...(await run.generate({n: 2, seed: 3, classes: [choice]})).data,
    ];
    expect(bytes(0)).to.deep.equal(await one(1));
    expect(bytes(2)).to.deep.equal(await one(kinds[0]!));
    const parts: number[] = [];
    for await (const part of run.generateParts({n: 70, classes: [0, 1]})) parts.push(...part.data);
    expect(parts).to.deep.equal([...(await run.generate({n: 70, classes: [0, 1]})).data]);
    const free = await run.generate({n: 3, seed: 9});
    expect([...(await run.generate({n: 1, seed: 9})).data]).to.deep.equal([...free.data.subarray(0, 192)]);
    await run.close();
  });

  it('goes from class to class, along directions of a class, and to the nearest image of one', async () => {
    const run = await openRun(dir, {device});
    const way = await run.interpolate({seeds: [5], classes: [0, 1], frames: 4, loop: false});
    expect(way.shape[0]).to.equal(5);
    const ends = await run.generate({seeds: [5], classes: [0, 1]});
    expect([...way.data.subarray(0, 192)]).to.deep.equal([...ends.data.subarray(0, 192)]);
    expect([...way.data.subarray(4 * 192)]).to.deep.equal([...ends.data.subarray(192)]);
    const middle = await run.alongDirections({from: 5, class: 1, count: 1, images: 3});
    expect([...middle.data.subarray(192, 384)]).to.deep.equal([...ends.data.subarray(192)]);
    const free = await run.alongDirections({from: 5, count: 1, images: 3});
    expect([...free.data.subarray(192, 384)]).to.deep.equal([...(await run.generate({seeds: [5]})).data]);
    const {latents} = await run.project({data: ends.data.slice(0, 192), shape: [1, 8, 8, 3]}, {class: 0, steps: 2});
    expect(latents).to.have.length(1);
    await run.close();
  });

  it('measures each class that has enough real images, and names those that have too few', async () => {
    const run = await openRun(dir, {device});
    const few = await run.evaluation({metrics: ['fd'], images: 60, byClass: true});
    expect(few.byClass!.map(({name}) => name)).to.deep.equal([...kinds]);
    expect(few.byClass!.every(({metrics}) => metrics.length === 0)).to.equal(true);
    expect(few.byClass!.reduce((sum, {images}) => sum + images, 0)).to.equal(60);
    const without = await ganError(() =>
      run.evaluation({metrics: ['fd'], data: 'builtin:emoji', images: 8, byClass: true}),
    );
    expect(without).to.include({code: 'GAN_LABELS', exitCode: 5});
    expect(without.suggestions.join()).to.contain('without --by-class').and.not.contain('--no-conditional');
    const report = (await evaluationsSection(dir, [few])) as Html;
    for (const {name, images} of few.byClass!)
      expect(report.source).to.contain(`<td>${name}</td><td>${images}</td><td>too few images</td>`);
    await run.close();
    const many = await openRun(dir, {device});
    many.config.source['count'] = 400;
    const {byClass} = await many.evaluation({metrics: ['fd'], images: 400, byClass: true});
    const measured = byClass!.filter(({images}) => images >= 50);
    expect(measured).not.to.deep.equal([]);
    for (const {metrics} of measured) expect(metrics[0]!.value).to.be.greaterThan(0);
    await many.close();
  });

  it('looks for copies and writes a card of bytes, also where images are drawn as floats', async () => {
    const [bytes, floats] = [await openRun(dir, {device}), await openRun(dir, {device, floats: true})];
    expect(await floats.nearest({n: 2})).to.deep.equal(await bytes.nearest({n: 2}));
    const hub = path.join(folder(), 'hub');
    await floats.export('hub', hub);
    expect(existsSync(path.join(hub, 'samples.png'))).to.equal(true);
    await bytes.close();
    await floats.close();
  });

  it('frees the tensors of a class that directions were looked for', async () => {
    const run = await openRun(dir, {device});
    await run.directions({count: 1, samples: 8});
    const before = tf.memory().numTensors;
    await run.directions({class: 1, count: 1, samples: 8});
    expect(tf.memory().numTensors).to.equal(before);
    await run.close();
  });

  it('is exported with the class as a second input, and as a folder to draw from', async () => {
    const run = await openRun(dir, {device});
    const [hub, web] = [path.join(folder(), 'hub'), path.join(folder(), 'web')];
    await run.export('hub', hub);
    await run.export('web', web);
    const model = JSON.parse(readFileSync(path.join(web, 'model.json'), 'utf8')) as {
      facts: {classes: string[]};
      graph: {labels: number; values: [number, {shape: unknown[]}][]};
    };
    expect(model.facts.classes).to.deep.equal([...kinds]);
    expect(new Map(model.graph.values).get(model.graph.labels)!.shape).to.deep.equal([{batch: 1}, kinds.length]);
    const card = readFileSync(path.join(hub, 'README.md'), 'utf8');
    expect(card)
      .to.contain('`circle`')
      .and.contain('- class-conditional-image-generation')
      .and.not.contain('unconditional');
    const request = {n: 2, classes: ['circle']};
    const wanted = await run.generate(request);
    await run.close();
    const exported = await openRun(hub, {device});
    expect(await exported.generate(request)).to.deep.equal(wanted);
    await exported.close();
  });

  it('goes on only with data of the same classes', async () => {
    const data = path.join(folder(), 'data');
    const put = async (file: string): Promise<void> => {
      mkdirSync(path.dirname(path.join(data, file)), {recursive: true});
      const pixels = new Uint8Array(192).fill(file.length * 20);
      writeFileSync(path.join(data, file), await encodePng({data: pixels, width: 8, height: 8, channels: 3}));
    };
    for (const name of ['cat', 'dog']) for (let i = 0; i < 5; i++) await put(`${name}/${i}.png`);
    const own = {...settings, data, source: {}, batchSize: 4};
    const other = path.join(folder(), 'other');
    await train(other, {...own, steps: 2});
    await train(other, {...own, steps: 4}, other);
    await put('bird/0.png');
    const error = await ganError(() => train(other, {...own, steps: 6}, other));
    expect(error).to.include({code: 'GAN_DATA_CHANGED', exitCode: 5});
    expect(error.message).to.contain('new: bird');
    const flat = path.join(folder(), 'flat');
    mkdirSync(flat);
    for (let i = 0; i < 4; i++) copyFileSync(path.join(data, `cat/${i}.png`), path.join(flat, `${i}.png`));
    const none = await ganError(() => train(other, {...own, data: flat, steps: 6}, other));
    expect(none).to.include({code: 'GAN_DATA_CHANGED', exitCode: 5});
    expect(none.message).to.contain(`${flat} has no labels`).and.contain('up to step 4 by the classes cat, dog');
    expect(none.suggestions[0]).to.contain(`gan fit --resume ${other} --data DATA`);
  });

  it('refuses data without labels, or with one class; a run without classes refuses to be asked for one', async () => {
    const none = await ganError(() => train(folder(), {...settings, data: 'builtin:emoji', source: {count: 20}}));
    expect(none).to.include({code: 'GAN_LABELS', exitCode: 5});
    const plain = path.join(folder(), 'plain');
    await train(plain, {...settings, conditional: false, steps: 2});
    const run = await openRun(plain, {device});
    expect((await ganError(() => run.generate({classes: [0]}))).code).to.equal('GAN_LABELS');
    expect((await ganError(() => run.evaluation({byClass: true}))).code).to.equal('GAN_LABELS');
    await run.close();
    const one: FiniteSource = {shape: [8, 8, 3], size: 4, read: () => new Uint8Array(192), classes: 1, label: () => 0};
    expect((await ganError(() => conditionalSource(one, 'X'))).message).to.contain("'0'");
  });
});

describe('classes in a file', () => {
  it('are refused where images are of rows that there are not, or of none', () => {
    const classes = {names: ['cat', 'dog'], each: 'one', unlabelled: false};
    for (const common of [[], [{rows: [2], images: 1}]])
      expect(() => checkClasses({...classes, common}, '')).to.throw('images of other classes');
    const common = [{rows: [1], images: 1}];
    expect(checkClasses({...classes, common}, '')).to.deep.equal({...classes, common});
  });
});

describe('labels that are missing, and attributes', () => {
  after(removeFolders);
  const png = encodePng({data: new Uint8Array(192), width: 8, height: 8, channels: 3});

  async function listOf(name: string, text: string, files: readonly string[]): Promise<string> {
    const dir = folder();
    for (const file of files) writeFileSync(path.join(dir, file), await png);
    writeFileSync(path.join(dir, name), text);
    return path.join(dir, name);
  }
  const conditional = async (data: string): Promise<{source: FiniteSource; classes: Classes}> =>
    conditionalSource(recordSource(await openRecords(data, {}), {size: [8, 8]}), data);

  it('pictures without a label are a class of their own, behind the others', async () => {
    const {source, classes} = await conditional(
      await listOf('list.csv', 'file,label\na.png,dog\nb.png,\nc.png,cat\nd.png,dog\n', [
        'a.png',
        'b.png',
        'c.png',
        'd.png',
      ]),
    );
    expect(classes).to.deep.include({names: ['cat', 'dog'], each: 'one', unlabelled: true});
    expect([0, 1, 2, 3].map((i) => source.label!(i))).to.deep.equal([1, 2, 0, 1]);
    expect(source.classes).to.equal(3);
  });

  it('one attribute tells those that have it from those that have not', async () => {
    const text = 'image_id,Smiling\na.png,1\nb.png,-1\n';
    const {source, classes} = await conditional(await listOf('list.csv', text, ['a.png', 'b.png']));
    expect(classes).to.deep.include({names: ['Smiling'], each: 'several', unlabelled: false});
    expect([0, 1].map((i) => [...source.labelRow!(i)])).to.deep.equal([[1], [0]]);
  });

  it('a source may be an object of a class', async () => {
    class Own implements FiniteSource {
      readonly shape = [8, 8, 3];
      readonly size = 4;
      readonly classes = 2;
      readonly value = 7;
      read(): Uint8Array {
        return new Uint8Array(192).fill(this.value);
      }
      label(index: number): number {
        return (index + this.value) % this.classes;
      }
    }
    const {source, classes} = conditionalSource(new Own(), 'X');
    expect((await source.read(0))[0]).to.equal(7);
    expect([source.label!(0), classes.names]).to.deep.equal([1, ['0', '1']]);
    const {train} = fromSource(source, {batchSize: 4, shuffle: false});
    for await (const {labels} of train.epoch(0)) expect([...labels!]).to.deep.equal([1, 0, 1, 0]);
    expect([...sourceRecords(new Own(), 'X').labels!.of]).to.deep.equal([1, 0, 1, 0]);
  });

  it('attributes of a data source are those of its pictures', async () => {
    const labelling = {names: ['a', 'b'], each: 'several' as const, of: (i: number) => [[0, 1], [], undefined][i]};
    const own: FiniteSource = {shape: [8, 8, 3], size: 3, read: () => new Uint8Array(192), labelling};
    const {counts, without} = countLabels(sourceRecords(own, 'X').labels!);
    expect([counts, without]).to.deep.equal([
      [
        {label: 'a', count: 1},
        {label: 'b', count: 1},
      ],
      1,
    ]);
  });

  const files = ['000001.jpg', '000002.jpg', '000003.jpg', '000004.jpg'];
  const lists: Record<string, [name: string, text: string]> = {
    "columns of 1 and -1, CelebA's": [
      'list_attr_celeba.csv',
      'image_id,Male,Smiling,Young\n000001.jpg,-1,1,1\n000002.jpg,1,-1,-1\n000003.jpg,-1,-1,-1\n000004.jpg,,,\n',
    ],
    'names in JSON lines': [
      'metadata.jsonl',
      [
        '{"file_name": "000001.jpg", "attributes": ["Smiling", "Young"]}',
        '{"file_name": "000002.jpg", "attributes": {"Male": true, "Smiling": false}}',
        '{"file_name": "000003.jpg", "attributes": []}',
        '{"file_name": "000004.jpg"}',
      ].join('\n'),
    ],
    'rows of 0 and 1': [
      'dataset.json',
      '{"labels": [["000001.jpg", [0, 1, 1]], ["000002.jpg", [1, 0, 0]], ["000003.jpg", [0, 0, 0]], ["000004.jpg", null]]}',
    ],
  };
  for (const [what, [name, text]] of Object.entries(lists))
    it(`several at once: ${what}`, async () => {
      const list = await listOf(name, text, files);
      const {source, classes} = await conditional(list);
      const names = name === 'dataset.json' ? ['0', '1', '2'] : ['Male', 'Smiling', 'Young'];
      expect(classes).to.deep.include({names, each: 'several', unlabelled: true});
      expect([0, 1, 2, 3].map((i) => [...source.labelRow!(i)])).to.deep.equal([
        [0, 1, 1, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 1],
      ]);
      const {counts, without} = countLabels((await openRecords(list, {})).labels!);
      expect([counts.map(({count}) => count), without]).to.deep.equal([[1, 1, 1], 1]);
    });
});
