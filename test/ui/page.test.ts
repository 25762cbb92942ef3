import {expect} from 'chai';
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Browser, BrowserContextOptions, Locator, Page} from 'playwright-core';
import sharp from 'sharp';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {gan, root} from '../commands/helpers.js';
import {json, tinyFlags} from '../e2e/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {complaints, noBrowser, openBrowser} from './browser.js';
import {startUi, type RunningUi} from './helpers.js';

/** Where screenshots go, to be looked at by people; nowhere when it is not set. */
const shots = process.env['GAN_TEST_SCREENSHOTS'];

const tiny = [
  ...tinyFlags,
  '--backend',
  'wasm',
  '--metrics',
  'swd',
  '--set',
  'metricImages=16',
  '--sample-every',
  '20',
  '--checkpoint-every',
  '40',
];

/** As `gan evaluate` writes it. */
const evaluation = {
  at: '2026-11-30T06:41:28.333Z',
  step: 100,
  weights: 'averaged',
  data: 'builtin:shapes',
  images: 1024,
  features: 'pixels',
  seconds: 21.9,
  metrics: [
    {name: 'fd', better: 'lower', value: 19.0414, low: 17.3628, high: 20.72, doubts: []},
    {name: 'precision', better: 'higher', value: 0.4873, low: 0.4348, high: 0.5398, doubts: []},
    {name: 'checkerboard', better: 'one', value: 0.7455, low: 0.6951, high: 0.7959, doubts: []},
  ],
};

describe(`the page of gan ui${noBrowser === undefined ? '' : ` (skipped: ${noBrowser})`}`, () => {
  let cwd: string;
  let ui: RunningUi;
  let browser: Browser;
  let page: Page;
  let training: ChildProcess;
  let said: string[];

  before(async function () {
    if (noBrowser !== undefined) return this.skip();
    cwd = folder();
    [ui, browser] = await Promise.all([startUi(cwd), openBrowser()]);
    page = await open();
    page.setDefaultTimeout(60_000);
  });

  after(async () => {
    training?.kill('SIGKILL');
    await browser?.close();
    if (ui) expect(await ui.stop()).to.equal(130);
    removeFolders();
  });

  afterEach(() => expect(said, 'the console').to.deep.equal([]));

  async function open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const fresh = await browser.newPage({viewport: {width: 1280, height: 860}, ...options});
    said = complaints(fresh);
    // which the tests' own compiler adds to functions
    await fresh.addInitScript({content: 'globalThis.__name = (each) => each;'});
    await fresh.goto(ui.url + hash);
    return fresh;
  }

  const run = (name: string): Locator => page.getByRole('navigation').getByRole('button', {name});
  const chart = (name: string): Locator => page.getByRole('application', {name});
  const stepOf = async (text: Promise<string | null>): Promise<number> =>
    Number(/step (\d+)/.exec((await text) ?? '')?.[1] ?? -1);
  const shot = async (name: string): Promise<void> => {
    if (shots === undefined) return;
    mkdirSync(shots, {recursive: true});
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({path: path.join(shots, `${name}.png`), fullPage: true});
  };
  /** Waits until a value is as wanted. */
  async function until<T>(read: () => Promise<T>, wanted: (value: T) => boolean, what: string): Promise<T> {
    for (const end = Date.now() + 40_000; ;) {
      const value = await read();
      if (wanted(value)) return value;
      if (Date.now() > end) throw new Error(`${what}: still ${String(value)}`);
      await page.waitForTimeout(100);
    }
  }

  it('does not say that there are no runs before it has heard of them', async () => {
    const fresh = await browser.newPage();
    let answer!: () => void;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await fresh.route('**/api/events*', async (route) => {
      await held;
      await route.continue();
    });
    await fresh.goto(ui.url);
    await fresh.getByRole('heading', {name: 'Runs'}).waitFor();
    expect(await fresh.getByText('No runs yet.').isVisible()).to.equal(false);
    answer();
    await fresh.getByText('No runs yet.').waitFor();
    await fresh.close();
  });

  it('with no runs says how to make one', async () => {
    await page.getByText('No runs yet.').waitFor();
    expect(await page.getByRole('heading', {name: 'Curves'}).isVisible()).to.equal(false);
    await shot('empty');
  });

  it('shows a training in another process as soon as it begins, and its curves grow', async () => {
    training = spawn(
      process.execPath,
      [
        path.join(root, 'bin/run.js'),
        'fit',
        'builtin:shapes',
        ...tiny,
        '--epochs',
        '10000',
        '--out',
        'runs/live',
        '--quiet',
      ],
      {cwd, stdio: 'ignore'},
    );
    await run('live').waitFor();
    const label = (): Promise<string | null> => chart('Critic loss').getAttribute('aria-label');
    const first = await until(
      () => stepOf(label()),
      (step) => step > 0,
      'the first point',
    );
    await until(
      () => stepOf(label()),
      (step) => step > first,
      'a later point',
    );
    await until(
      () => run('live').textContent(),
      (text) => text!.includes('training'),
      'what the list says of it',
    );
    expect(await label()).to.match(/^Critic loss at step \d+: live -?[\d.e-]+\./);
    await chart('Generator loss').waitFor(); // after five steps of the critic
    await chart('swd').waitFor(); // at the end of the first epoch
    await until(
      () => inkOf(chart('Critic loss')),
      (pixels) => pixels > 50,
      'coloured pixels of the curve',
    );
  });

  it('has its sample grids, the newest first shown, and a slider that goes back', async () => {
    const slider = page.getByRole('slider', {name: /^Step/});
    const image = page.getByRole('img', {name: /^Grid of samples of live/});
    await until(
      () => slider.getAttribute('max').then(Number),
      (max) => max >= 8,
      'nine grids',
    );
    const newest = await stepOf(image.getAttribute('alt'));
    await until(
      () => stepOf(image.getAttribute('alt')),
      (step) => step > newest,
      'the next grid',
    );
    await slider.focus();
    await page.keyboard.press('Home');
    expect(await image.getAttribute('alt')).to.equal('Grid of samples of live at step 20');
    await page.keyboard.press('ArrowRight');
    expect(await slider.getAttribute('aria-valuetext')).to.equal('step 40');
    const natural = await until(
      () =>
        image.evaluate((each) => [(each as HTMLImageElement).naturalWidth, (each as HTMLImageElement).naturalHeight]),
      ([width]) => width! > 0,
      'the picture',
    );
    expect(natural).to.deep.equal([8 * 18 + 2, 8 * 18 + 2]); // 64 images of 16 pixels, and 2 between
    const {width = 0} = (await image.boundingBox())!;
    expect(width).to.be.greaterThan(150);
    await page.waitForTimeout(1500); // grids that come meanwhile leave it where it is
    expect(await slider.getAttribute('aria-valuetext')).to.equal('step 40');
  });

  it('draws from the newest checkpoint of the run that is being trained', async () => {
    await until(
      () => page.getByRole('button', {name: 'Open the generator'}).isVisible(),
      (visible) => visible,
      'a checkpoint',
    );
    await page.getByRole('button', {name: 'Open the generator'}).click();
    const drawn = page.locator('img.drawn');
    await drawn.waitFor({timeout: 60_000});
    const caption = (): Promise<string | null> => page.locator('.bench figcaption').textContent();
    const first = await stepOf(caption());
    await until(
      () => stepOf(caption()),
      (step) => step > first,
      'a newer checkpoint',
    );
  });

  it('(the training ends)', async () => {
    const ended = once(training, 'exit');
    training.kill('SIGINT');
    expect((await ended)[0]).to.equal(130);
    const last = Number(/\d+/.exec(readdirSync(path.join(cwd, 'runs/live/checkpoints')).sort().at(-1)!)![0]);
    await until(
      () => stepOf(page.locator('.bench figcaption').textContent()),
      (step) => step === last,
      'the last checkpoint',
    );
  });

  it('plays its sample grids to the newest one, from the first if it is there, and stops when it is told to', async () => {
    const slider = page.getByRole('slider', {name: /^Step/});
    const play = page.getByRole('button', {name: 'Play the samples'});
    const shown = (): Promise<number> => stepOf(slider.getAttribute('aria-valuetext'));
    const steps = readdirSync(path.join(cwd, 'runs/live/samples'))
      .sort()
      .map((name) => Number(/\d+/.exec(name)![0]));
    const newest = steps.at(-1)!;
    await slider.focus();
    await page.keyboard.press('End');
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft');
    const seen = slider.evaluate(
      (element, last) =>
        new Promise<string[]>((resolve) => {
          const texts: string[] = [];
          new MutationObserver(() => {
            texts.push(element.getAttribute('aria-valuetext')!);
            if (texts.at(-1) === last) resolve(texts);
          }).observe(element, {attributeFilter: ['aria-valuetext']});
        }),
      `step ${newest}`,
    );
    await play.click();
    expect(await seen).to.deep.equal(steps.slice(-3).map((step) => `step ${step}`));
    await play.waitFor();
    await play.evaluate(async (button: HTMLButtonElement) => {
      button.click();
      await new Promise((resolve) => setTimeout(resolve, 200));
      button.click();
    });
    const stopped = await shown();
    expect(stopped, 'one or two after the first').to.be.lessThan(steps.at(-3)!);
    await page.waitForTimeout(600);
    expect(await shown()).to.equal(stopped);
    await play.focus();
    await page.keyboard.press('Enter'); // by keyboard it goes on
    await until(shown, (step) => step > stopped, 'the next grid');
    await slider.press('End');
    expect(await shown()).to.equal(newest);
    await play.waitFor();
  });

  it('draws what gan generate draws from the same seed, pixel for pixel', async () => {
    await page.getByRole('spinbutton', {name: 'Seed'}).fill('7');
    await page.getByRole('img', {name: 'Image of seed 7', exact: true}).waitFor();
    const shown = await pixelsOf(page.locator('img.drawn'));
    const {code, stderr} = await gan(
      ['generate', 'runs/live', '--n', '2', '--seed', '7', '--out-dir', 'images', '--backend', 'wasm'],
      {cwd},
    );
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    const {data, info} = await sharp(path.join(cwd, 'images/1.png'))
      .removeAlpha()
      .raw()
      .toBuffer({resolveWithObject: true});
    expect([shown.width, shown.height]).to.deep.equal([info.width, info.height]);
    expect(Buffer.from(shown.rgb).equals(data)).to.equal(true);
  });

  it('draws from an older checkpoint that is chosen, by keyboard, what gan generate draws from a run that ends with it', async () => {
    const folderOf = (name: string): string => path.join(cwd, 'runs/live/checkpoints', name);
    const [older, newest] = readdirSync(folderOf('')).sort() as [string, string];
    const stepIn = (name: string): number => Number(/\d+/.exec(name)![0]);
    const chooser = page.getByRole('combobox', {name: /^Checkpoint/});
    expect(await chooser.locator('option').allTextContents()).to.deep.equal([
      'newest',
      `step ${stepIn(newest)}`,
      `step ${stepIn(older)}`,
    ]);
    // as --keep-best does
    await new RunFolder(path.join(cwd, 'runs/live')).writeBest({step: stepIn(older), metric: 'swd', value: 0.1});
    await until(
      () => chooser.locator('option').allTextContents(),
      ([, , last]) => last === `step ${stepIn(older)}, best`,
      'which one is the best',
    );
    rmSync(folderOf('best.json'));
    await until(
      () => chooser.locator('option').allTextContents(),
      ([, , last]) => last === `step ${stepIn(older)}`,
      'that none is the best',
    );
    const caption = page.locator('.bench figcaption');
    const latest = await pixelsOf(page.locator('img.drawn'));
    await chooser.focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowDown');
    await until(
      () => stepOf(caption.textContent()),
      (step) => step === stepIn(older),
      'the older checkpoint',
    );
    const shown = await pixelsOf(page.locator('img.drawn'));
    cpSync(path.join(cwd, 'runs/live'), path.join(cwd, 'earlier'), {
      recursive: true,
      filter: (source) => !source.endsWith(newest),
    });
    const {code, stderr} = await gan(
      ['generate', 'earlier', '--n', '2', '--seed', '7', '--out-dir', 'earlier-images', '--backend', 'wasm'],
      {cwd},
    );
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(
      Buffer.from(shown.rgb).equals(await sharp(path.join(cwd, 'earlier-images/1.png')).removeAlpha().raw().toBuffer()),
    ).to.equal(true);
    expect(shown.rgb).to.not.deep.equal(latest.rgb);

    cpSync(folderOf(older), folderOf('step-00000001'), {recursive: true});
    await until(
      () => chooser.locator('option').count(),
      (count) => count === 4,
      'another checkpoint',
    );
    expect(await stepOf(chooser.inputValue().then((value) => `step ${value}`)), 'what was chosen stays').to.equal(
      stepIn(older),
    );
    await chooser.selectOption({label: 'step 1'});
    await until(
      () => stepOf(caption.textContent()),
      (step) => step === 1,
      'the checkpoint of step 1',
    );
    rmSync(folderOf('step-00000001'), {recursive: true});
    await until(
      () => stepOf(caption.textContent()),
      (step) => step === stepIn(newest),
      'the newest again, as the chosen one is gone',
    );
    expect(await chooser.inputValue()).to.equal('');
    await until(
      async () => (await pixelsOf(page.locator('img.drawn'))).rgb,
      (rgb) => rgb.join() === latest.rgb.join(),
      'its image',
    );
  });

  it('a slider changes the image, Reset gives it back', async () => {
    const before = await pixelsOf(page.locator('img.drawn'));
    await page.getByText('Single numbers of the latent').click();
    const slider = page.getByRole('slider', {name: 'Number 3'});
    await slider.focus();
    const value = Number(await slider.inputValue());
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight');
    await page.getByRole('img', {name: 'Image of seed 7, moved'}).waitFor();
    await until(
      () => page.locator('.bench').getAttribute('aria-busy'),
      (busy) => busy === null,
      'drawing',
    );
    expect(Number(await slider.inputValue())).to.be.closeTo(value + 1, 0.051);
    expect((await pixelsOf(page.locator('img.drawn'))).rgb).to.not.deep.equal(before.rgb);
    await page.getByRole('button', {name: 'Reset'}).click();
    await page.getByRole('img', {name: 'Image of seed 7', exact: true}).waitFor();
    expect((await pixelsOf(page.locator('img.drawn'))).rgb).to.deep.equal(before.rgb);
  });

  it('a direction has a strip around the image of the seed; its slider goes from end to end of it', async () => {
    const before = await pixelsOf(page.locator('img.drawn'));
    expect(await page.getByRole('slider', {name: /^Direction/}).count(), 'as many as the latent has').to.equal(8);
    const strip = await pixelsOf(page.getByRole('img', {name: '5 images along direction 2'}));
    expect(strip.width).to.equal(5 * 18 + 2);
    expect(nearly(tileOf(strip, 2), before.rgb), 'the middle').to.equal(true);
    const slider = page.getByRole('slider', {name: 'Direction 2'});
    await slider.focus();
    await page.keyboard.press('End');
    await page.getByRole('img', {name: 'Image of seed 7, moved'}).waitFor();
    await until(
      async () => nearly(tileOf(strip, 4), (await pixelsOf(page.locator('img.drawn'))).rgb),
      (same) => same,
      'the end of the strip',
    );
    expect((await pixelsOf(page.locator('img.drawn'))).rgb).to.not.deep.equal(before.rgb);
    await page.getByRole('button', {name: 'Reset'}).click();
    await page.getByRole('img', {name: 'Image of seed 7', exact: true}).waitFor();
    expect(await slider.inputValue()).to.equal('0');
  });

  it('has real images beside the samples: those of the folder, as large, below them on a phone', async () => {
    const [real, sample] = ['Grid of training images: builtin:shapes', /^Grid of samples/].map((name) =>
      page.getByRole('img', {name}),
    ) as [Locator, Locator];
    const shown = await pixelsOf(real);
    const kept = await sharp(path.join(cwd, 'runs/live/real.png')).removeAlpha().raw().toBuffer();
    expect(Buffer.from(shown.rgb).equals(kept)).to.equal(true);
    const [a, b] = [(await sample.boundingBox())!, (await real.boundingBox())!];
    expect(b.y).to.equal(a.y);
    expect(b.width).to.be.closeTo(a.width, 0.1);
    expect(b.x).to.be.greaterThan(a.x + a.width);
    await page.setViewportSize({width: 390, height: 844});
    const [c, d] = [(await sample.boundingBox())!, (await real.boundingBox())!];
    expect([d.x, d.width]).to.deep.equal([c.x, c.width]);
    expect(d.y).to.be.greaterThan(c.y + c.height);
    await page.setViewportSize({width: 1280, height: 860});
  });

  it('the way between two seeds begins at one and ends at the other', async () => {
    const seven = await pixelsOf(page.locator('img.drawn'));
    await page.getByRole('radio', {name: 'Directions'}).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('spinbutton', {name: 'From seed'}).fill('3');
    await page.getByRole('spinbutton', {name: 'to seed'}).fill('7');
    const way = page.getByRole('slider', {name: 'Position between the seeds'});
    await way.focus();
    await page.keyboard.press('Home');
    await page.getByRole('img', {name: 'Image of 0.00 of the way from seed 3 to seed 7'}).waitFor();
    const three = await pixelsOf(page.locator('img.drawn'));
    await page.keyboard.press('End');
    await page.getByRole('img', {name: 'Image of 1.00 of the way from seed 3 to seed 7'}).waitFor();
    expect((await pixelsOf(page.locator('img.drawn'))).rgb).to.deep.equal(seven.rgb);
    expect(three.rgb).to.not.deep.equal(seven.rgb);
    const strip = page.getByRole('img', {name: '9 images from one seed to the other'});
    await strip.waitFor();
    const tiles = await until(
      () => pixelsOf(strip),
      ({width: across}) => across === 9 * 18 + 2,
      'the strip',
    );
    await until(
      async () => nearly(tileOf(tiles, 0), three.rgb) && nearly(tileOf(tiles, 8), seven.rgb),
      (same) => same,
      'the ends of the strip',
    );
  });

  it('compares runs: a line each, both grids, what differs in the configuration', async () => {
    const [live, other] = [path.join(cwd, 'runs/live'), path.join(cwd, 'runs/other')];
    cpSync(live, other, {recursive: true});
    writeFileSync(
      path.join(other, 'config.json'),
      JSON.stringify({
        ...json(path.join(live, 'config.json')),
        checksum: undefined,
        lr: 0.00123,
        batchSize: 16,
        loss: {name: 'hinge', options: {}},
      }),
    );
    await run('other').waitFor();
    await page.getByRole('checkbox', {name: 'Compare other'}).focus();
    await page.keyboard.press('Space');
    await until(
      () => chart('Critic loss').getAttribute('aria-label'),
      (label) => /live -?[\d.e-]+, other -?[\d.e-]+\./.test(label!),
      'two lines',
    );
    await until(
      () => page.getByRole('img', {name: /^Grid of samples/}).count(),
      (count) => count === 2,
      'two grids',
    );
    const rows = await until(
      () => page.getByRole('table').getByRole('row').allTextContents(),
      (texts) => texts.some((text) => text.endsWith('0.00123')),
      'what was written last',
    );
    expect(rows[0]).to.equal('keyliveother');
    expect(rows.find((row) => row.startsWith('lr'))).to.match(/^lr0\.\d+0\.00123$/);
    expect(rows.find((row) => row.startsWith('loss'))).to.equal('losswganhinge');
    expect(rows.some((row) => row.startsWith('size'))).to.equal(false);
    await page.getByRole('checkbox', {name: 'Show what is the same, too'}).check();
    expect(await page.getByRole('row', {name: /^size/}).textContent()).to.equal('size1616');
    expect(new URL(page.url()).hash).to.equal('#run=live&with=other');
  });

  it('compares their samples at the same step, number of images or time', async () => {
    const slider = page.getByRole('slider', {name: /^(Step|Images|Time)/});
    const captions = (): Promise<string[]> => page.locator('.figures figcaption').allTextContents();
    await slider.focus();
    await page.keyboard.press('End');
    const last = (await captions()).map((text) => Number(/step (\d+)/.exec(text)?.[1]));
    expect(last.slice(0, 2), 'copies have the same').to.deep.equal([last[0], last[0]]);
    await page.getByRole('radio', {name: 'Images'}).check();
    await slider.focus();
    await page.keyboard.press('Home'); // 20 steps of 8 images
    expect(await slider.getAttribute('aria-valuetext')).to.equal('160');
    expect((await captions()).slice(0, 2)).to.deep.equal([
      'live, step 20, 160 images',
      'other, step 20, 320 images', // its nearest
    ]);
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight'); // 320, 480, 640
    expect((await captions()).slice(0, 2)).to.deep.equal(['live, step 80, 640 images', 'other, step 40, 640 images']);
    await page.keyboard.press('End'); // where live has ended before
    expect((await captions())[0]).to.match(/\(its last\)$/);
    await page.getByRole('radio', {name: 'Time'}).check();
    expect((await captions())[0]).to.match(/^live, step \d+, (\d+ s|\d+ min)$/);
    await page.getByRole('radio', {name: 'Step'}).check();
  });

  it('draws real images from the data of a run that keeps none: built-in ones by itself, files when it is asked', async () => {
    const kept = path.join(cwd, 'runs/live/real.png');
    rmSync(path.join(cwd, 'runs/other/real.png'));
    await run('other').click();
    await page.getByRole('checkbox', {name: 'Compare live'}).uncheck();
    const real = page.getByRole('img', {name: /^Grid of training images/});
    await real.waitFor();
    const {rgb} = await until(
      () => pixelsOf(real),
      ({width}) => width > 0,
      'the picture',
    );
    expect(rgb.length).to.equal((await sharp(kept).removeAlpha().raw().toBuffer()).length);

    const [photos, files] = [path.join(cwd, 'runs/photos'), path.join(cwd, 'files')];
    cpSync(path.join(cwd, 'runs/other'), photos, {recursive: true});
    mkdirSync(files);
    await sharp({create: {width: 16, height: 16, channels: 3, background: '#123456'}}).toFile(
      path.join(files, '1.png'),
    );
    const config = {...json(path.join(photos, 'config.json')), data: files, source: {}, batchSize: 1};
    writeFileSync(path.join(photos, 'config.json'), JSON.stringify(config));
    await run('photos').click();
    await page.locator('.offer').getByText(files).waitFor();
    expect(await real.isVisible(), 'before it is asked').to.equal(false);
    await page.getByRole('button', {name: 'Show the training images'}).click();
    await real.waitFor();
    expect((await pixelsOf(real)).rgb.slice(3 * (20 * 2 + 2)).slice(0, 3)).to.deep.equal([0x12, 0x34, 0x56]);
    rmSync(photos, {recursive: true});
    cpSync(kept, path.join(cwd, 'runs/other/real.png'));
    await run('live').click();
    await page.getByRole('checkbox', {name: 'Compare other'}).check();
  });

  it('by keyboard: the list, the charts, and nothing is a trap', async () => {
    await page.locator('body').click({position: {x: 5, y: 5}});
    const reached: string[] = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(() =>
          `${document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''}`.slice(
            0,
            30,
          ),
        ),
      );
    }
    for (const wanted of [/^live/, /^Compare other/, /^Critic loss/, /^Generator loss/, /^Position between/, /^Values/])
      expect(
        reached.some((text) => wanted.test(text)),
        `${wanted.source} in ${reached.join(' | ')}`,
      ).to.equal(true);
    const critic = chart('Critic loss');
    await critic.focus();
    await page.keyboard.press('Home');
    expect(await stepOf(critic.getAttribute('aria-label'))).to.equal(1);
    await page.keyboard.press('ArrowRight');
    expect(await stepOf(critic.getAttribute('aria-label'))).to.be.greaterThan(1);
    await run('other').focus();
    await page.keyboard.press('Enter');
    expect(await run('other').getAttribute('aria-current')).to.equal('true');
    expect(await page.title()).to.equal('other - gan');
  });

  it('everything that can be used has a name', async () => {
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, input, select, img, [tabindex], section, nav, main')]
        .filter((element) => element.checkVisibility({visibilityProperty: true}))
        .filter(
          (element) =>
            ![
              element.getAttribute('aria-label'),
              element.getAttribute('aria-labelledby') &&
                document.getElementById(element.getAttribute('aria-labelledby')!)?.textContent,
              element.getAttribute('alt'),
              element.tagName === 'BUTTON' ? element.textContent : '',
              (element as HTMLInputElement).labels?.[0]?.textContent,
            ].some((name) => name),
        )
        .map((element) => element.outerHTML.slice(0, 100)),
    );
    expect(nameless).to.deep.equal([]);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      it(`fits ${width} pixels, ${colorScheme}, and can be read`, async () => {
        await page.close();
        page = await open('#run=live&with=other', {viewport: {width, height: 844}, colorScheme});
        await chart('Critic loss').waitFor();
        await page.getByRole('button', {name: 'Open the generator'}).click();
        await page.locator('img.drawn').waitFor({timeout: 60_000});
        expect(await page.getByRole('combobox', {name: /^Checkpoint/}).isVisible()).to.equal(true);
        const over = await page.evaluate(() =>
          [...document.querySelectorAll('body *')]
            .filter(
              (element) =>
                !element.closest('.scrolls, .chart') && element.getBoundingClientRect().right > innerWidth + 1,
            )
            .map((element) => element.outerHTML.slice(0, 80)),
        );
        expect(over, 'wider than the screen').to.deep.equal([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(width);
        expect(await faint(page), 'texts with a contrast below 4.5').to.deep.equal([]);
        if (width === 390) {
          const small = await page.evaluate(() =>
            [...document.querySelectorAll('button')]
              .filter((button) => button.checkVisibility() && button.getBoundingClientRect().height < 32)
              .map((button) => button.textContent),
          );
          expect(small, 'too small for a finger').to.deep.equal([]);
        }
        await shot(`${colorScheme}-${width}`);
      });
    }
  }

  it('says how far a run is, and shows of its configuration what differs from the defaults', async () => {
    await page.close();
    page = await open('#run=live');
    const headings = page.getByRole('main').getByRole('heading', {level: 2});
    await page
      .getByRole('region', {name: 'Progress'})
      .getByText(/^Step \d+/)
      .waitFor();
    expect((await headings.allTextContents())[0], 'pictures first').to.equal('Samples');
    const values = page.getByRole('region', {name: 'Values'});
    expect(await values.isVisible(), 'folded').to.equal(false);
    await page.getByText('What differs from the defaults').click();
    const origins = json(path.join(cwd, 'runs/live/config.origins.json')) as Record<string, string>;
    const keys = (): Promise<string[]> => values.getByRole('rowheader').allTextContents();
    const few = await keys();
    expect(few).to.include('size').and.not.include('workers');
    expect(few.filter((key) => origins[key]?.startsWith('default'))).to.deep.equal([]);
    await page.getByRole('checkbox', {name: 'Show the defaults, too'}).check();
    expect((await keys()).length).to.be.greaterThan(few.length);
  });

  for (const [hash, colorScheme] of [
    ['#run=live', 'light'],
    ['#run=live&with=other', 'dark'],
  ] as const) {
    it(`sticks out of no card at any width: ${hash}, ${colorScheme}`, async () => {
      for (const name of ['live', 'other'])
        writeFileSync(path.join(cwd, 'runs', name, 'evaluations.jsonl'), `${JSON.stringify(evaluation)}\n`);
      await page.close();
      page = await open(hash, {colorScheme});
      await page.getByText('0.4348 to 0.5398').first().waitFor();
      await page.getByRole('img', {name: /^Grid of training images/}).waitFor();
      await page.getByRole('button', {name: 'Open the generator'}).click();
      await page.locator('img.drawn').waitFor();
      await page.getByRole('img', {name: '5 images along direction 8'}).waitFor();
      await page
        .locator('details')
        .evaluateAll((folds) => folds.forEach((fold) => ((fold as HTMLDetailsElement).open = true)));
      await page.getByRole('checkbox', {name: /^Show .*, too$/}).check();
      for (const width of [320, 390, 768, 1280, 1920]) {
        await page.setViewportSize({width, height: 844});
        for (const mode of ['Between two seeds', 'Directions']) {
          await page.getByRole('radio', {name: mode}).check();
          const out = await page.evaluate(() =>
            [...document.querySelectorAll('main > section, nav, header')].flatMap((card) =>
              [card, ...card.querySelectorAll('*')]
                .filter((element) => element.checkVisibility() && !element.closest('.chart'))
                .filter((element) => {
                  const edge = Math.min(card.getBoundingClientRect().right, innerWidth);
                  return element.getBoundingClientRect().right > edge + 1;
                })
                .map((element) => element.outerHTML.slice(0, 80)),
            ),
          );
          expect(out, `${width}, ${mode}`).to.deep.equal([]);
        }
        await shot(`${hash.includes('with') ? 'two' : 'one'}-${colorScheme}-${width}`);
      }
    });
  }

  it('says when gan ui has ended, and goes on when it is back', async () => {
    await ui.stop();
    await page.getByText('Not connected').waitFor();
    expect(
      said.every((text) => /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING/.test(text)),
      said.join(),
    ).to.equal(true);
    ui = await startUi(cwd, {args: ['--port', String(ui.port)]});
    await until(
      () => page.getByText('Not connected').count(),
      (count) => count === 0,
      'connected again',
    );
    said.length = 0; // the browser itself complains of a server that is gone
  });
}).timeout(200_000);

interface Pixels {
  width: number;
  height: number;
  rgb: number[];
}

/** What the browser has decoded, so neither this project nor its image library has a say. */
function pixelsOf(image: Locator): Promise<Pixels> {
  return image.evaluate(async (element) => {
    const img = element as HTMLImageElement;
    await img.decode();
    const {naturalWidth: width, naturalHeight: height} = img;
    const context = Object.assign(document.createElement('canvas'), {width, height}).getContext('2d')!;
    context.drawImage(img, 0, 0);
    return {width, height, rgb: [...context.getImageData(0, 0, width, height).data].filter((_, i) => i % 4 !== 3)};
  });
}

/** An image of 16 pixels in a row of them. */
const tileOf = ({width, rgb}: Pixels, index: number): number[] =>
  Array.from({length: 16 * 16 * 3}, (_, i) => {
    const [y, x, c] = [Math.floor(i / 48), Math.floor((i % 48) / 3), i % 3];
    return rgb[((y + 2) * width + 2 + index * 18 + x) * 3 + c]!;
  });

/** One image and a batch can differ by a rounding. */
const nearly = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= 1);

/** Pixels of a chart that have a colour, which only curves have. */
function inkOf(chart: Locator): Promise<number> {
  return chart.locator('canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const {data} = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let i = 0; i < data.length; i += 4)
      if (
        data[i + 3]! > 128 &&
        Math.max(data[i]!, data[i + 1]!, data[i + 2]!) - Math.min(data[i]!, data[i + 1]!, data[i + 2]!) > 80
      )
        ink++;
    return ink;
  });
}

/** Texts whose contrast to what is behind them is below 4.5 (WCAG 2.2, 1.4.3). */
function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parse = (text: string): number[] => (text.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = ([r = 0, g = 0, b = 0]: number[]): number => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((value) =>
        value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element: Element | null): number[] => {
      for (let at = element; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
      }
      return [255, 255, 255];
    };
    const texts = [...document.querySelectorAll('body *')].filter(
      (element) =>
        element.checkVisibility() &&
        [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== ''),
    );
    return texts.flatMap((element) => {
      const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return contrast < 4.5 ? [`${element.textContent?.slice(0, 30)} ${contrast.toFixed(2)}`] : [];
    });
  });
}
