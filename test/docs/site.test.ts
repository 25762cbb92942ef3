/**
 * The static site that `npm run docs` makes: pages of docs/, the README and the reference of the API,
 * with a search.
 */
import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, readdirSync, rmSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {chromium} from 'playwright-core';
import {root} from '../commands/helpers.js';

const browser = process.env['GAN_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

describe('the site of the documentation (npm run docs)', () => {
  let site: string;
  let output: string;
  // typedoc.json makes warnings errors: links and @param names that lead nowhere, types that are not documented
  before(async () => {
    site = mkdtempSync(path.join(tmpdir(), 'gan-site-'));
    const {stdout, stderr} = await promisify(execFile)(
      process.execPath,
      [path.join(root, 'node_modules/typedoc/bin/typedoc'), '--out', site, '--logLevel', 'Warn'],
      {cwd: root},
    ).catch((error: {stdout: string; stderr: string}) => error);
    output = stdout + stderr;
  });
  after(() => rmSync(site, {recursive: true, force: true}));

  it('is made of the docstrings and the pages without a warning', () => {
    expect(output).to.equal('');
  });

  it('has no link and no anchor that leads nowhere', () => {
    const pages = readdirSync(site, {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.html'));
    expect(pages.length).to.be.greaterThan(100);
    const html = new Map(pages.map((page) => [page, readFileSync(path.join(site, page), 'utf8')]));
    const ids = new Map(
      [...html].map(([page, text]) => [page, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]),
    );
    const broken: string[] = [];
    let count = 0;
    for (const [page, text] of html)
      for (const [, link] of text.matchAll(/ (?:href|src)="([^"]+)"/g)) {
        if (/^(https?|mailto|data):/.test(link!)) continue;
        count++;
        const [file, anchor] = decodeURIComponent(link!).split('#');
        const target = file === '' ? page : path.join(path.dirname(page), file!);
        const anchors = ids.get(target);
        const isThere = anchors !== undefined || existsSync(path.join(site, target));
        if (!isThere || (anchor && anchors && !anchors.has(anchor))) broken.push(`${page}: ${link}`);
      }
    expect(count).to.be.greaterThan(1000);
    expect(broken).to.deep.equal([]);
  });

  describe('in a browser', () => {
    let server: Server;
    before(function (done) {
      if (!existsSync(browser)) {
        console.log(`    skipped: there is no ${browser}`);
        return this.skip();
      }
      server = createServer(({url}, response) => {
        const file = path.join(site, decodeURIComponent(new URL(url!, 'http://x').pathname));
        const types: Record<string, string> = {
          '.html': 'text/html',
          '.css': 'text/css',
          '.js': 'text/javascript',
          '.svg': 'image/svg+xml',
        };
        if (url === '/favicon.ico') return void response.writeHead(204).end(); // the browser asks when it likes
        if (!existsSync(file)) return void response.writeHead(404).end();
        response.writeHead(200, {'content-type': types[path.extname(file)] ?? 'application/octet-stream'});
        response.end(readFileSync(file));
      }).listen(0, '127.0.0.1', done);
    });
    after(() => server?.close());

    it('opens at two widths without an error, and its search finds a page and a function', async () => {
      const opened = await chromium.launch({executablePath: browser, args: ['--no-sandbox']});
      try {
        const page = await opened.newPage();
        const errors: string[] = [];
        page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
        page.on('pageerror', (error) => errors.push(String(error)));
        page.on('response', (response) => response.status() >= 400 && errors.push(response.url()));
        const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const guide = readdirSync(path.join(site, 'documents')).find((file) => file.startsWith('gankit_as_a_library'))!;
        const shots = process.env['GAN_TEST_SCREENSHOTS'];
        for (const width of [390, 1280])
          for (const at of ['index.html', `documents/${guide}`]) {
            await page.setViewportSize({width, height: 900});
            await page.goto(`${base}/${at}`, {waitUntil: 'load'});
            await page.evaluate('document.fonts.ready.then(() => undefined)');
            const wider = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
            expect(wider, `${at} at ${width}`).to.be.at.most(0);
            if (shots)
              await page.screenshot({path: path.join(shots, `site-${width}-${path.basename(at, '.html')}.png`)});
          }
        await page.click('#tsd-search-trigger');
        for (const [word, found] of [
          ['lrFind', 'lrFind'],
          ['exit codes', 'Exit codes'],
        ] as const) {
          await page.fill('#tsd-search-input', word);
          await page.waitForFunction(
            `document.querySelector('#tsd-search-results')?.textContent.includes(${JSON.stringify(found)})`,
          );
        }
        expect(errors).to.deep.equal([]);
      } finally {
        await opened.close();
      }
    });
  });
}).timeout(300_000);
