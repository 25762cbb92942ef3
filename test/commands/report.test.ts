import {expect} from 'chai';
import {appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Browser, BrowserContextOptions, Page} from 'playwright-core';
import sharp from 'sharp';
import {ticks, thin, valueRange} from '../../dist/cli/report/plot.js';
import {spread} from '../../dist/cli/report/samples.js';
import {json, tinyFlags} from '../e2e/helpers.js';
import {metrics} from '../runs/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {complaints, noBrowser, openBrowser} from '../ui/browser.js';
import {gan} from './helpers.js';

/** Where screenshots go, to be looked at by people; nowhere when it is not set. */
const shots = process.env['GAN_TEST_SCREENSHOTS'];

/**
 * In the browser: the contrast of each text of a page with what is behind it (WCAG 2.2). A string, as what compiles
 * tests adds to functions.
 */
const contrastsOf = `(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * (colour[i] <= 0.04045 * 255 ? colour[i] / 255 / 12.92 : ((colour[i] / 255 + 0.055) / 1.055) ** 2.4), 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) if (rgb(getComputedStyle(at).backgroundColor)[3] !== 0) return getComputedStyle(at).backgroundColor;
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('h1, h2, h3, p, dt, dd, td, th, summary, .x, .y, .legend li, output, button')].map((element) => {
    const [a, b] = [luminance(rgb(getComputedStyle(element).color)), luminance(rgb(behind(element)))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
})()`;

describe('gan report', () => {
  let cwd: string;
  let run: string;
  const read = (name = 'report.html') => readFileSync(path.join(run, name), 'utf8');

  before(async () => {
    cwd = folder();
    run = path.join(cwd, 'a<b>&run');
    const trained = await gan(
      [
        'fit',
        ...tinyFlags,
        '--recipe',
        'gan',
        '--metrics',
        'swd',
        '--metric-images',
        '8',
        '--steps',
        '25',
        '--sample-every',
        '5',
        '--schedule',
        'linear',
        '--out',
        run,
      ],
      {cwd},
    );
    expect(trained.code, trained.stderr).to.equal(0);
    const {code, stdout, stderr} = await gan(['report', run, '--json'], {cwd, withoutTfjs: true});
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(JSON.parse(stdout)).to.deep.equal({file: path.join(run, 'report.html')});
  });
  after(removeFolders);

  it('is one file that asks for nothing else', () => {
    const html = read();
    const links = [...html.matchAll(/(?:src|href|srcset|url)\s*[=(]\s*["']?([^"')>\s]+)/g)].map(([, link]) => link!);
    expect(links.length).to.be.greaterThan(4);
    for (const link of links) expect(link).to.match(/^data:image\/webp;base64,/);
    expect(html)
      .to.contain("default-src 'none'")
      .and.not.match(/https?:|<link|@import|<iframe/);
  });

  it('has every grid and the real images, near to what is in the run folder', async () => {
    const names = [
      ...readdirSync(path.join(run, 'samples'))
        .sort()
        .map((name) => `samples/${name}`),
      'real.png',
    ];
    const inlined = [...read().matchAll(/data:image\/webp;base64,([^"]+)/g)].map(([, data]) =>
      Buffer.from(data!, 'base64'),
    );
    expect(inlined).to.have.length(names.length).and.to.have.length(6);
    for (const [i, name] of names.entries()) {
      const [got, wanted] = await Promise.all(
        [inlined[i]!, path.join(run, name)].map((image) =>
          sharp(image).removeAlpha().raw().toBuffer({resolveWithObject: true}),
        ),
      );
      expect([got!.info.width, got!.info.height]).to.deep.equal([wanted!.info.width, wanted!.info.height]);
      const error =
        wanted!.data.reduce((sum, value, at) => sum + Math.abs(value - got!.data[at]!), 0) / wanted!.data.length;
      expect(error, name).to.be.lessThan(20); // of 255: these images are noise, which such a format keeps badly
    }
  });

  it('has the curves of metrics.jsonl', () => {
    const [losses, ...more] = [...read().matchAll(/data-points="([^"]*)"/g)].map(
      ([, points]) =>
        JSON.parse(points!.replaceAll('&quot;', '"')) as {label: string; steps: number[]; values: number[]}[],
    );
    expect(losses!.map(({label}) => label)).to.deep.equal(['critic', 'generator']);
    expect(more.map(([line]) => line!.label)).to.deep.equal(['swd', 'learning rate']);
    for (const [i, [mode, name]] of (
      [
        ['critic', 'critLoss'],
        ['generator', 'genLoss'],
      ] as const
    ).entries()) {
      const lines = metrics(run).filter((line) => line['mode'] === mode);
      expect(losses![i]!.steps).to.deep.equal(lines.map(({step}) => step));
      losses![i]!.values.forEach((value, at) => expect(value).to.be.closeTo(lines[at]![name] as number, 1e-3));
    }
  });

  it('has each value of the configuration with its origin, and where it ran', () => {
    const html = read().replaceAll(/<\/?code>/g, '');
    const origins = json(path.join(run, 'config.origins.json'));
    for (const [key, value] of [
      ['lr', '0.002'],
      ['size', '16'],
      ['arch', 'basic'],
      ['arch.nFeatures', '4'],
      ['metrics', 'swd'],
      ['seed', '0'],
    ]) {
      expect(html).to.contain(`<tr><td>${key}</td><td>${value}</td><td>${String(origins[key!])}</td></tr>`);
    }
    const [session] = json(path.join(run, 'sessions.json')) as unknown as {
      environment: {processor: string};
      backend: string;
    }[];
    expect(html)
      .to.contain(session!.environment.processor)
      .and.contain(`<dd>${session!.backend}</dd>`)
      .and.contain(process.versions.node);
  });

  it('of a run without a grid of real images: draws it from built-in data, and reads no folder that the run names', async () => {
    const old = path.join(cwd, 'old');
    const config = json(path.join(run, 'config.json'));
    write(old, {'config.json': readFileSync(path.join(run, 'config.json'), 'utf8'), 'metrics.jsonl': '{"step":5}\n'});
    mkdirSync(path.join(old, 'samples'));
    copyFileSync(path.join(run, 'samples/step-00000005.png'), path.join(old, 'samples/step-00000005.png'));
    const figures = async (): Promise<number> => {
      expect(await gan(['report', old], {cwd})).to.include({code: 0, stderr: ''});
      return [...readFileSync(path.join(old, 'report.html'), 'utf8').matchAll(/data:image\/webp/g)].length;
    };
    expect(await figures()).to.equal(2);
    const data = path.join(cwd, 'data');
    mkdirSync(data);
    copyFileSync(path.join(run, 'real.png'), path.join(data, '1.png'));
    write(old, {'config.json': JSON.stringify({...config, checksum: undefined, data, source: {}})});
    expect(await figures()).to.equal(1);
  });

  it('shows names as text, whatever is in them', () => {
    expect(read()).to.contain('<h1>a&lt;b&gt;&amp;run</h1>').and.not.contain('a<b>');
  });

  it('of a run under way, a line half written, and grids from before a crash', async () => {
    const live = path.join(cwd, 'live');
    write(live, {'config.json': readFileSync(path.join(run, 'config.json'), 'utf8'), 'samples/x': ''});
    const early = await gan(['report', live], {cwd});
    expect({code: early.code, stdout: early.stdout}).to.deep.equal({
      code: 0,
      stdout: `${path.join(live, 'report.html')}\n`,
    });
    expect(readFileSync(path.join(live, 'report.html'), 'utf8')).to.contain('There is no step yet');
    write(live, {'metrics.jsonl': '{"step":1,"epoch":0,"mode":"critic","loss":1,"critLoss":1,"lr":0.1}\n'});
    appendFileSync(path.join(live, 'metrics.jsonl'), '{"step":2,"ep');
    for (const step of [1, 5])
      copyFileSync(path.join(run, 'samples/step-00000005.png'), path.join(live, `samples/step-0000000${step}.png`));
    expect((await gan(['report', live, '--out', 'deep/er/r.html'], {cwd})).code).to.equal(0);
    const html = readFileSync(path.join(cwd, 'deep/er/r.html'), 'utf8');
    expect(html).to.contain('after step 1<').and.contain('<dt>steps</dt><dd>1</dd>').and.not.contain('after step 5<');
  });

  it('refuses what is no run folder', async () => {
    const {code, stderr} = await gan(['report', cwd], {cwd});
    expect({code, stderr}).to.have.property('stderr').that.contains('GAN_RUN_NOT_FOUND');
    expect({code, made: existsSync(path.join(cwd, 'report.html'))}).to.deep.equal({code: 5, made: false});
  });

  it('a run that goes on adds a session; one that starts anew begins with one', async () => {
    await gan(['fit', '--resume', run, '--steps', '26'], {cwd});
    const sessions = json(path.join(run, 'sessions.json')) as unknown as {afterStep: number}[];
    expect(sessions.map(({afterStep}) => afterStep)).to.deep.equal([0, 25]);
    rmSync(path.join(run, 'samples/step-00000026.png'));
  });

  describe(`in a browser${noBrowser === undefined ? '' : ` (skipped: ${noBrowser})`}`, () => {
    let browser: Browser;
    before(async function () {
      if (noBrowser !== undefined) return this.skip();
      browser = await openBrowser();
    });
    after(() => browser?.close());

    async function open(options: BrowserContextOptions): Promise<{page: Page; said: string[]; asked: string[]}> {
      const page = await (await browser.newContext({...options, offline: true})).newPage();
      const [said, asked]: string[][] = [complaints(page), []];
      page.on('request', (request) => asked!.push(request.url().slice(0, 5)));
      await page.goto(pathToFileURL(path.join(run, 'report.html')).href);
      return {page, said: said!, asked: asked!};
    }

    it('opens from disk without a network and without complaints; slider and keys work', async () => {
      const {page, said, asked} = await open({viewport: {width: 1280, height: 900}});
      expect(new Set(asked.filter((url) => url !== 'data:'))).to.deep.equal(new Set(['file:'])); // the page
      expect(await page.locator('.grids figure:visible').count()).to.equal(1);
      expect(await page.locator('output').textContent()).to.equal('after step 25');
      await page.locator('input[type=range]').press('Home');
      expect(await page.locator('output').textContent()).to.equal('after step 5');
      expect(
        await page
          .locator('.grids figure:visible img')
          .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth),
      ).to.equal(146);
      const area = page.locator('.area').first();
      await area.press('Home');
      const [first] = metrics(run).filter(({mode}) => mode === 'critic');
      expect(await page.locator('[data-step]').first().textContent()).to.equal('1');
      expect(Number(await page.locator('[data-value="0"]').first().textContent())).to.be.closeTo(
        first!['critLoss'] as number,
        1e-3,
      );
      const box = (await area.boundingBox())!;
      await page.mouse.move(box.x + box.width - 1, box.y + 20);
      expect(Number(await page.locator('[data-step]').first().textContent())).to.be.greaterThan(22);
      expect(said).to.deep.equal([]);
    });

    for (const [width, colorScheme] of [
      [1280, 'light'],
      [1280, 'dark'],
      [390, 'light'],
      [390, 'dark'],
    ] as const) {
      it(`fits ${width} pixels in ${colorScheme}, with text that can be read`, async () => {
        const {page, said} = await open({viewport: {width, height: 900}, colorScheme});
        if (shots !== undefined)
          await page.screenshot({path: path.join(shots, `report-${width}-${colorScheme}.png`), fullPage: true});
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(width);
        const contrasts = await page.evaluate<number[]>(contrastsOf);
        expect(contrasts.length).to.be.greaterThan(50);
        expect(Math.min(...contrasts)).to.be.at.least(4.5); // WCAG 2.2, AA
        expect(said).to.deep.equal([]);
      });
    }
  });
}).timeout(120_000);

describe('the plot of a report', () => {
  it('has a point a column with mean and range, and the last step of each', () => {
    const curve = {steps: [1, 2, 3, 4, 5, 6], values: [1, 3, 2, 2, 9, 0]};
    expect(thin(curve, 3)).to.deep.equal([
      {step: 2, mean: 2, low: 1, high: 3},
      {step: 4, mean: 2, low: 2, high: 2},
      {step: 6, mean: 4.5, low: 0, high: 9},
    ]);
    expect(thin(curve, 100).map(({mean}) => mean)).to.deep.equal(curve.values);
    expect(thin({steps: [], values: []})).to.deep.equal([]);
  });

  it('stays small for a million steps', () => {
    const steps = Array.from({length: 1e6}, (_, i) => i + 1);
    expect(thin({steps, values: steps}, 600)).to.have.length(600);
  });

  for (const [low, high, wanted] of [
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-1.2, 0.3, [-1, -0.5, 0]],
    [1, 260, [100, 200]],
    [-3e-5, 2e-5, [-3e-5, -2e-5, -1e-5, 0, 1e-5, 2e-5]],
  ] as const) {
    it(`has round ticks from ${low} to ${high}`, () => expect(ticks(low, high, 5)).to.deep.equal([...wanted]));
  }

  it('shows all of the lines, but no outliers of the bands', () => {
    const flat = (mean: number, low: number, high: number) => ({step: 0, mean, low, high});
    const band = [...Array.from({length: 100}, () => flat(0, -1, 1)), flat(0, -1, 1e6)];
    const [low, high] = valueRange([{line: [flat(0, 0, 0), flat(3, 3, 3)], band}]);
    expect(low).to.be.within(-1.3, -1);
    expect(high).to.be.within(3, 3.3);
  });

  it('has room where all values are the same', () => {
    const [low, high] = valueRange([{line: [{step: 1, mean: 5, low: 5, high: 5}], band: []}]);
    expect(low).to.be.lessThan(5);
    expect(high).to.be.greaterThan(5);
  });

  it('spreads samples evenly, the first and the last among them', () => {
    expect(spread([1, 2, 3], 5)).to.deep.equal([1, 2, 3]);
    expect(
      spread(
        Array.from({length: 101}, (_, i) => i),
        5,
      ),
    ).to.deep.equal([0, 25, 50, 75, 100]);
  });
});
