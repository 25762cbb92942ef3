import {expect} from 'chai';
import {readdirSync, readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Browser, BrowserContextOptions, Page} from 'playwright-core';
import sharp from 'sharp';
import {tf} from 'gankit';
import {drawLatent, slerp} from '../../dist/gan/latents.js';
import {openRun} from '../../dist/runs/open-run.js';
import {gan} from '../commands/helpers.js';
import {tinyFlags} from '../e2e/helpers.js';
import {expectNear} from '../gan/export/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {complaints, noBrowser, openBrowser} from '../ui/browser.js';
import {serve, type StaticServer} from './static-server.js';

const [height, width, latentSize] = [16, 24, 8];

/** What the page gives to programs. */
interface Exposed {
  device: string;
  generate(latents: Float32Array): Promise<Float32Array>;
}

describe(`the exported web page${noBrowser ? `: ${noBrowser}` : ''}`, function () {
  this.timeout(120_000);
  let cwd: string;
  let server: StaticServer;
  let browser: Browser;

  before(async function () {
    if (noBrowser) this.skip();
    cwd = folder();
    for (const args of [
      [
        'fit',
        ...tinyFlags.map((flag) => (flag === '16' ? `${height}x${width}` : flag)),
        '--steps',
        '12',
        '--out',
        'run',
      ],
      ['export', 'run', '--format', 'web', '--out', 'web'],
      ['generate', 'run', '--seed', '7', '--n', '4', '--out-dir', 'pictures'],
    ]) {
      const {code, stderr} = await gan(args, {cwd});
      expect(code, stderr).to.equal(0);
    }
    server = await serve(path.join(cwd, 'web'));
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    removeFolders();
  });

  async function open(
    use: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
    query = '',
  ): Promise<void> {
    const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
    const page = await context.newPage();
    const said = complaints(page);
    try {
      await page.goto(server.url + query);
      await page.waitForSelector('#grid[data-filled="0/16"]');
      await use(page);
      // of a machine without a GPU, which no page can keep Chromium from saying, and of the test's own looking at
      // pixels
      expect(
        said.filter((text) => !/No available adapters|willReadFrequently/.test(text)),
        'the console',
      ).to.deep.equal([]);
    } finally {
      await context.close();
    }
  }

  /** The pixels of the big picture, without transparency. */
  const shown = (page: Page): Promise<number[]> =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#picture')!;
      return [...canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data].filter(
        (_, i) => i % 4 < 3,
      );
    });
  const pixelsOf = async (file: string | Buffer): Promise<number[]> => [
    ...(await sharp(file).removeAlpha().raw().toBuffer()),
  ];
  const generated = (i: number): Promise<number[]> => pixelsOf(path.join(cwd, `pictures/${i}.png`));
  const farthest = (a: number[], b: number[]): number =>
    a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), a.length === b.length ? 0 : Infinity);
  const settled = (page: Page): Promise<unknown> =>
    page.waitForFunction(() => document.querySelector<HTMLElement>('#grid')!.dataset['filled'] === '7/16');

  it('is below 5 MB besides the weights', () => {
    const files = readdirSync(path.join(cwd, 'web')).filter((name) => name !== 'weights.bin');
    expect(files).to.include.members(['index.html', 'page.js', 'model.json', 'THIRD-PARTY.txt']);
    expect(files.reduce((sum, name) => sum + statSync(path.join(cwd, 'web', name)).size, 0)).to.be.below(5e6);
    expect(readFileSync(path.join(cwd, 'web/THIRD-PARTY.txt'), 'utf8')).to.contain('@tensorflow/tfjs-core 4.22');
  });

  it('computes what the library computes, within 1e-4', async () => {
    const latents = [0, 1, 2].flatMap((i) => [...drawLatent(latentSize, 3, i)]);
    const run = await openRun(path.join(cwd, 'run'), {backend: 'wasm'});
    const generator = await run.generator();
    const wanted = tf.tidy(() => generator.forward(tf.tensor(latents, [3, latentSize])).dataSync() as Float32Array);
    await run.close();
    await open(async (page) => {
      const got = await page.evaluate(async (values) => {
        const {gan: exposed} = globalThis as unknown as {gan: Exposed};
        return [...(await exposed.generate(Float32Array.from(values)))];
      }, latents);
      expectNear(Float32Array.from(got), wanted, 'the page');
    });
    expect(server.asked.sort()).to.deep.equal(
      ['/', '/model.json', '/page.css', '/page.js', '/tfjs-backend-wasm-simd.wasm', '/weights.bin'],
      'its own files and no others',
    );
  });

  it('does not squeeze pictures', async () => {
    for (const viewport of [
      {width: 1280, height: 900},
      {width: 340, height: 700},
    ])
      await open(
        async (page) => {
          for (const selector of ['#picture', '#grid canvas']) {
            const box = (await page.locator(selector).first().boundingBox())!;
            expect(box.width / box.height, selector).to.be.closeTo(width / height, 0.02);
          }
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(viewport.width);
        },
        {viewport},
      );
  });

  it('shows the pictures of gan generate: by seed, from the grid, by keyboard; and gives them as PNG', async () => {
    await open(async (page) => {
      await page.getByLabel('Seed', {exact: true}).fill('7');
      await page.keyboard.press('Tab');
      await settled(page);
      expect(farthest(await shown(page), await generated(1))).to.be.at.most(1);
      await page.getByRole('button', {name: 'Picture 3', exact: true}).focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction(
        (wanted) => {
          const canvas = document.querySelector<HTMLCanvasElement>('#picture')!;
          return Math.abs(canvas.getContext('2d')!.getImageData(0, 0, 1, 1).data[0]! - wanted) <= 1;
        },
        (await generated(3))[0]!,
      );
      expect(farthest(await shown(page), await generated(3))).to.be.at.most(1);
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()]);
      expect(download.suggestedFilename()).to.equal('run-7.png');
      expect(await pixelsOf(await download.path())).to.deep.equal(await shown(page));
      const [grid] = await Promise.all([page.waitForEvent('download'), page.locator('#save-grid').click()]);
      expect(await sharp(await grid.path()).metadata()).to.include({
        width: 4 * width + 6,
        height: 4 * height + 6,
        format: 'png',
      });
    });
  });

  it('follows its sliders: one number of the latent, and the way between two seeds', async () => {
    await open(async (page) => {
      const before = await shown(page);
      const slider = page.getByLabel('Number 1 of the latent');
      expect(Number(await slider.inputValue())).to.be.closeTo(drawLatent(latentSize, 0)[0]!, 0.0051);
      await slider.focus();
      await page.keyboard.press('End');
      await page.waitForFunction((old) => {
        const canvas = document.querySelector<HTMLCanvasElement>('#picture')!;
        const now = [...canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data].filter(
          (_, i) => i % 4 < 3,
        );
        return now.some((value, i) => value !== old[i]);
      }, before);
      await page.getByRole('button', {name: 'Back to the seed'}).click();
      await page.waitForFunction(
        (wanted) =>
          Math.abs(Number(document.querySelector<HTMLInputElement>('#sliders input')!.value) - wanted) < 0.006,
        drawLatent(latentSize, 0)[0]!,
      );
      await page.getByLabel('Position between the two seeds').fill('0.25');
      const middle = slerp(drawLatent(latentSize, 0), drawLatent(latentSize, 1), 0.25);
      const values = await page
        .locator('#sliders input')
        .evaluateAll((inputs) => inputs.map((input) => Number((input as HTMLInputElement).value)));
      values.forEach((value, i) => expect(value).to.be.closeTo(middle[i]!, 0.0051));
      const play = page.getByRole('button', {name: 'Play'});
      await play.click();
      await page.waitForFunction(
        () => Math.abs(Number(document.querySelector<HTMLInputElement>('#between')!.value) - 0.25) > 0.03,
      );
      await page.getByRole('button', {name: 'Stop'}).click();
    });
  });

  for (const [width, scheme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const) {
    it(`fits ${width} pixels, ${scheme}`, async () => {
      await open(
        async (page) => {
          const {wide, back, text} = await page.evaluate(() => {
            const {backgroundColor, color} = getComputedStyle(document.body);
            return {wide: document.documentElement.scrollWidth, back: backgroundColor, text: color};
          });
          expect(wide).to.be.at.most(width);
          const [dark, light] = scheme === 'dark' ? [back, text] : [text, back];
          const brightness = (color: string): number => Number(/\d+/.exec(color)![0]);
          expect(brightness(light) - brightness(dark)).to.be.above(150);
          const small = await page
            .locator('button, select, input[type=number]')
            .evaluateAll((all) =>
              all.filter((each) => each.getBoundingClientRect().height < 24).map((each) => each.id),
            );
          expect(small, 'too small to touch').to.deep.equal([]);
        },
        {viewport: {width, height: 844}, colorScheme: scheme},
      );
    });
  }

  it('opens from disk as one file with a title, asks for nothing, and draws what gan generate draws', async () => {
    const title = '</title><script>alert(1)</script> & $1 "shapes"';
    const {code, stderr} = await gan(
      ['export', 'run', '--format', 'web', '--single-file', '--title', title, '--out', 'page.html'],
      {cwd},
    );
    expect(code, stderr).to.equal(0);
    const half = await gan(
      [
        'export',
        'run',
        '--format',
        'web',
        '--set',
        'singleFile=true',
        '--title',
        title,
        '--dtype',
        'float16',
        '--out',
        'half.html',
      ],
      {cwd},
    );
    expect(half.code, half.stderr).to.equal(0);
    expect(statSync(path.join(cwd, 'half.html')).size).to.be.below(statSync(path.join(cwd, 'page.html')).size);
    for (const [width, colorScheme, file, far] of [
      [390, 'dark', 'page.html', 1],
      [1280, 'light', 'half.html', 2],
    ] as const) {
      const page = await browser.newPage({viewport: {width, height: 844}, colorScheme});
      const said = complaints(page);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url().slice(0, 7)));
      await page.goto(pathToFileURL(path.join(cwd, file)).href);
      await page.waitForSelector('#grid[data-filled="0/16"]');
      expect(await page.title()).to.equal(title);
      await page.getByLabel('Seed', {exact: true}).fill('7');
      await page.keyboard.press('Tab');
      await settled(page);
      expect(farthest(await shown(page), await generated(1)), file).to.be.at.most(far);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(width);
      expect(asked.filter((url) => !/^(data:|file:\/\/)/.test(url))).to.deep.equal([]);
      expect(asked.filter((url) => url === 'file://')).to.have.length(1);
      expect(said.filter((text) => !/No available adapters|willReadFrequently/.test(text))).to.deep.equal([]);
      if (process.env['GAN_TEST_SCREENSHOTS'] !== undefined)
        await page.screenshot({path: path.join(process.env['GAN_TEST_SCREENSHOTS'], `file-${width}.png`)});
      await page.close();
    }
  });

  it('says what to do when it was opened from disk, and when there is no WebGPU', async () => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path.join(cwd, 'web/index.html')).href);
    await page.waitForSelector('#status.error');
    expect(await page.textContent('#status')).to.match(/from a web server only.*npx serve/);
    await page.goto(`${server.url}?device=webgpu`);
    await page.waitForSelector('#status.error');
    expect(await page.textContent('#status')).to.contain('no WebGPU adapter');
    await page.close();
  });
});
