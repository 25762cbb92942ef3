import {expect} from 'chai';
import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Browser, Page} from 'playwright-core';
import sharp from 'sharp';
import {writeReport} from '../../dist/cli/report/page.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {isGanError} from '../../dist/errors.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {gan} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {complaints, noBrowser, openBrowser} from '../ui/browser.js';
import {startUi, type RunningUi} from '../ui/helpers.js';
import {addMembers, hostileTexts, hostileValues, mapLeaves, terminalOrders} from './hostile-strings.js';
import {isLong} from './support.js';

type Files = Record<string, unknown>;
/** Files with one JSON value a line. */
const isLog = (name: string): boolean => name.endsWith('.jsonl');

/** A way to damage the JSON of a file. */
type Damage = (value: unknown) => unknown;

const textAt = (i: number): string => hostileTexts[i % hostileTexts.length]!;
const damages: Record<string, Damage> = {
  texts: (value) => mapLeaves(value, (leaf, at) => (typeof leaf === 'string' ? textAt(at) : leaf)),
  leaves: (value) => mapLeaves(value, (_, at) => textAt(at)),
  members: (value) => addMembers(value, textAt),
  values: (value) => mapLeaves(value, (_, at) => hostileValues[at % hostileValues.length]),
};

/** Everything that a run has as JSON, as a training and `gan evaluate` write it. */
async function harmless(): Promise<Files> {
  const {config, origins} = await resolveConfig({registry: openRegistry(), ignoreFiles: true});
  const session = {
    began: '2026-01-01T00:00:00.000Z',
    afterStep: 0,
    backend: 'wasm',
    device: {name: 'wasm', threads: 2, simd: true},
    environment: {processor: 'a processor', cores: 2, node: '22.0.0'},
    images: 64,
    generatorParameters: 100,
    criticParameters: 100,
  };
  const finding = {
    name: 'diverged',
    what: 'the losses grow',
    state: 'seen',
    since: 2,
    measured: '9',
    advice: ['--lr 1'],
  };
  const step = {step: 1, epoch: 0, mode: 'critic', loss: 1, critLoss: 1, genLoss: -1, lr: 0.1, gradNorm: 1};
  return {
    'config.json': config,
    'config.origins.json': origins,
    'sessions.json': [session, {...session, afterStep: 1}],
    'metrics.jsonl': [
      {...step, terms: {real: 1, fake: 2}, hyperparameters: {'augment.ada.p': 0.1}},
      {...step, step: 2, mode: 'generator', watch: {diversity: 0.5}, finding},
      {step: 2, epoch: 0, seconds: 1, row: {train_loss: 1, gen_loss: 1, crit_loss: 1, fd: 0.5}, stopped: 'enough'},
    ],
    'evaluations.jsonl': [
      {
        at: '2026-01-01T00:00:00.000Z',
        step: 2,
        weights: 'averaged',
        data: 'photos',
        images: 64,
        features: 'pixels',
        seconds: 1,
        metrics: [{name: 'fd', better: 'lower', value: 1, parts: {mean: 1}, low: 0.5, high: 2, doubts: ['few images']}],
        nearest: {
          images: 8,
          trainingImages: 64,
          ratio: 1,
          close: 0.1,
          picture: 'evaluations/step-00000002-nearest.png',
        },
      },
    ],
    'checkpoints/best.json': {step: 2, metric: 'fd', value: 1},
    'checkpoints/step-00000002/state.json': {format: 1, position: {epoch: 0, batch: 1, step: 2}, name: 'x'},
  };
}

/** Names of files that nobody expects, in every folder that is listed. */
const strangeNames = hostileTexts.flatMap((text) => {
  const name = text.replaceAll(/[/\0]/g, '-').slice(0, 60);
  return name === text || text.length < 200 ? [name] : [];
});

function writeRun(dir: string, files: Files, picture: Uint8Array): void {
  for (const [name, value] of Object.entries(files)) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), {recursive: true});
    const lines = isLog(name) && Array.isArray(value) ? value : [value];
    writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  }
  mkdirSync(path.join(dir, 'samples'));
  writeFileSync(path.join(dir, 'samples/step-00000001.png'), picture);
  writeFileSync(path.join(dir, 'samples/step-00000002.png'), svg);
  for (const [i, name] of strangeNames.entries())
    writeFileSync(path.join(dir, ['samples', 'checkpoints', '.'][i % 3]!, `${name}.png`), svg);
}

/** A drawing that would run script, under the name of a picture. */
const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1" width="9" height="9"><script>window.ran=1</script></svg>`;

/** In the page: what no text of a run may bring there. A string, as what compiles tests adds to functions. */
const inPage = `(() => ({
  ran: window.ran ?? 0,
  title: document.title === 'RAN',
  scripts: [...document.scripts].filter((each) => each.src === '' || new URL(each.src).origin !== location.origin).length,
  strange: document.querySelectorAll('iframe, object, embed, base, form, link:not(head > link), body style, [srcdoc], img[src="x"]').length,
  handlers: [...document.querySelectorAll('*')].filter((each) => [...each.attributes].some(({name, value}) =>
    name.startsWith('on') || /^\\\\s*javascript:/i.test(value) && ['href', 'src', 'action'].includes(name))).length,
}))()`;
const clean = {ran: 0, title: false, strange: 0, handlers: 0};

describe('run folders from strangers', function () {
  this.timeout(isLong ? 1_800_000 : 120_000);
  let cwd: string;
  const runs: string[] = [];
  const written: string[] = [];
  let refused = 0;

  before(async () => {
    cwd = folder();
    const base = await harmless();
    const picture = new Uint8Array(
      await sharp({create: {width: 16, height: 16, channels: 3, background: '#123'}})
        .png()
        .toBuffer(),
    );
    const add = (name: string, files: Files): void => {
      writeRun(path.join(cwd, 'runs', name), files, picture);
      runs.push(path.join('runs', name));
    };
    add('harmless', base);
    for (const [how, damage] of Object.entries(damages)) {
      const names = Object.keys(base);
      const other = Object.fromEntries(names.map((name) => [name, damage(base[name])]));
      add(`${how} but of config`, {...other, 'config.json': base['config.json']});
      add(`${how} of config`, {...base, 'config.json': other['config.json']});
    }
    for (const name of strangeNames.filter((_, i) => isLong || i % 4 === 0)) add(name, base);
    if (!isLong) return;
    for (const [file, value] of Object.entries(base)) {
      let leaves = 0;
      mapLeaves(value, () => leaves++);
      for (let leaf = 0; leaf < leaves; leaf++)
        for (const [i, text] of [...hostileTexts, ...hostileValues].entries())
          add(`${path.basename(file)} ${leaf} ${i}`, {
            ...base,
            [file]: mapLeaves(value, (old, at) => (at === leaf ? text : old)),
          });
    }
  });
  after(removeFolders);

  it('each has a report, or is refused with an error of its own', async () => {
    for (const [i, run] of runs.entries()) {
      const file = path.join(cwd, 'reports', `${i}.html`);
      await writeReport(path.join(cwd, run), file).then(
        () => void written.push(file),
        (error: unknown) => {
          if (!isGanError(error)) throw new Error(`report of ${JSON.stringify(run)}`, {cause: error});
          refused++;
        },
      );
    }
    expect(written.length).to.be.greaterThan(runs.length / 2);
  });

  describe(`in a browser${noBrowser === undefined ? '' : ` (skipped: ${noBrowser})`}`, () => {
    let browser: Browser;
    let ui: RunningUi;
    before(async function () {
      if (noBrowser !== undefined) return this.skip();
      [browser, ui] = await Promise.all([openBrowser(), startUi(cwd)]);
    });
    after(async () => {
      await browser?.close();
      await ui?.stop();
    });

    const attacked = async (page: Page): Promise<object> => {
      const {scripts: _, ...found} = await page.evaluate<Record<string, unknown>>(inPage);
      return found;
    };

    it('no report runs a script that is not its own', async () => {
      const page = await (await browser.newContext({offline: true})).newPage();
      const said = complaints(page);
      page.on('dialog', (dialog) => said.push(dialog.message()));
      for (const file of written) {
        await page.goto(pathToFileURL(file).href);
        expect(await page.evaluate<{scripts: number}>(inPage), file).to.deep.include({...clean, scripts: 1});
        for (const area of (await page.locator('.area').all()).slice(0, 1)) await area.press('Home');
      }
      expect(said).to.deep.equal([]); // a script or style that the policy stopped would be told
    });

    it('gan ui shows all of them, and runs none of their scripts', async () => {
      const page = await browser.newPage();
      const said = complaints(page);
      page.on('dialog', (dialog) => said.push(dialog.message()));
      await page.goto(ui.url);
      const names = (await (await page.request.get(`${ui.url}api/runs`)).json()) as {name: string}[];
      expect(names.length).to.be.greaterThan(runs.length / 2);
      await page.waitForSelector('#runs li button');
      for (const {name} of names) {
        await page.evaluate((hash) => (location.hash = hash), `#${new URLSearchParams([['run', name]])}`);
        await page.waitForFunction(
          (run) => document.querySelector('[aria-current=true] .name')?.textContent === run,
          name,
        );
        expect(await attacked(page), JSON.stringify(name)).to.deep.equal(clean);
      }
      await page.waitForTimeout(700); // a stream tells of the last one
      expect(await attacked(page)).to.deep.equal(clean);
      expect(said.filter((text) => !text.includes('status of 404'))).to.deep.equal([]);
    });
  });

  it('no command sends anything to a terminal but text', async () => {
    let [commands, characters] = [0, 0];
    const run = async (...args: string[]): Promise<void> => {
      const {code, stdout, stderr} = await gan(args, {cwd});
      commands++;
      for (const text of [stdout, stderr]) {
        characters += text.length;
        const found = terminalOrders.exec(text);
        expect(
          found && JSON.stringify(text.slice(Math.max(0, found.index - 60), found.index + 20)),
          args.join(' '),
        ).to.equal(null);
      }
      expect(stderr, args.join(' ')).to.not.contain('GAN_BUG');
      expect(code).to.not.equal(1);
      if (args.includes('--json')) for (const line of stdout.trim().split('\n')) if (line !== '') JSON.parse(line);
    };
    await run('runs', 'list');
    await run('runs', 'list', '--json');
    await run('complete', '--', 'runs', 'show', '=');
    for (const each of runs) {
      await run('runs', 'show', each);
      if (isLong) await run('runs', 'show', each, '--json');
    }
    for (const each of isLong ? runs : runs.slice(1, 6)) {
      await run('runs', 'diff', runs[0]!, each);
      await run('runs', 'rm', each);
      await run('report', each, '--out', 'r.html', '--json');
      await run('timelapse', each, '--out', 't.gif');
      await run('generate', each, '--backend', 'wasm', '--out', 'g.png');
      await run('fit', '--resume', each);
    }
    expect(readdirSync(cwd)).to.not.contain('ran');
    console.log(
      `      run folders: ${runs.length}, reports: ${written.length}, refused: ${refused}, commands: ${commands}, characters: ${characters}, scripts run: 0, orders to the terminal: 0`,
    );
  });
});
