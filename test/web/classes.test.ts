import {expect} from 'chai';
import path from 'node:path';
import {openRun, openTraining} from 'gankit';
import {folder, removeFolders} from '../plugin/helpers.js';
import {openCpu} from '../runs/helpers.js';
import {noBrowser, openBrowser} from '../ui/browser.js';
import {serve} from './static-server.js';

describe(`the exported web page of a conditional run${noBrowser ? `: ${noBrowser}` : ''}`, function () {
  this.timeout(120_000);
  after(removeFolders);

  it('draws the class that is chosen, and mixes classes, as the library does', async function () {
    if (noBrowser) this.skip();
    const [dir, out] = [path.join(folder(), 'run'), path.join(folder(), 'web')];
    const device = await openCpu();
    const training = await openTraining(
      {
        data: 'builtin:shapes',
        source: {count: 40},
        recipe: 'gan',
        size: 8,
        latent: 4,
        batchSize: 8,
        arch: {name: 'light', nFeatures: 2, norm: 'pixel'},
        conditional: true,
        steps: 4,
      },
      {device},
    );
    await training.fit(dir);
    await training.close();
    const run = await openRun(dir, {device});
    await run.export('web', out);
    const {names} = (await run.classes())!;
    const [first, second] = [names[0]!, names[1]!];
    const {data: chosen} = await run.generate({seeds: [0], classes: [second]});
    const {data: mixed} = await run.generate({seeds: [0], classes: [{[second]: 1, [first]: 0.4}]});
    await run.close();
    await device.close();
    const server = await serve(out);
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${server.url}?device=wasm`);
      await page.waitForSelector('#grid[data-filled="0/16"]');
      const shown = (): Promise<number[]> =>
        page.evaluate(() => {
          const canvas = document.querySelector<HTMLCanvasElement>('#picture')!;
          const {data} = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          return [...data].filter((_, i) => i % 4 < 3);
        });
      const far = (a: ArrayLike<number>, b: number[]): number =>
        b.reduce((most, value, i) => Math.max(most, Math.abs(value - a[i]!)), a.length === b.length ? 0 : Infinity);
      const becomes = async (wanted: ArrayLike<number>): Promise<void> => {
        let found = Infinity;
        for (let tries = 0; tries < 100 && found > 1; tries++) {
          found = far(wanted, await shown());
          if (found > 1) await new Promise((resolve) => setTimeout(resolve, 50));
        }
        expect(found).to.be.at.most(1);
      };
      await page.getByLabel('Class', {exact: true}).selectOption(second);
      await becomes(chosen);
      expect(far(chosen, [...mixed])).to.be.greaterThan(1);
      await page.getByText('Shares of the classes').click();
      await page.getByLabel(`Share of ${first}`).fill('0.4');
      await becomes(mixed);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
