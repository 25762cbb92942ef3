import {existsSync} from 'node:fs';
import {chromium, type Browser, type Page} from 'playwright-core';

/** Debian's. */
export const chromiumPath = process.env['GAN_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

/** Why the tests that need a browser are skipped; undefined where they run. */
export const noBrowser = existsSync(chromiumPath)
  ? undefined
  : `there is no ${chromiumPath} (apt-get install chromium, or set GAN_TEST_CHROMIUM)`;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });

/** Everything that the browser says is wrong with a page, from now on. */
export function complaints(page: Page): string[] {
  const said: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(error.message));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // streams end when others begin, and a picture is given up when the slider moves on
    if (!request.url().includes('/api/events') && why !== 'net::ERR_ABORTED') said.push(`${request.url()} ${why}`);
  });
  return said;
}
