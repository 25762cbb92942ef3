/** npm run test:golden -- [DIR] [--backend NAME]: replays the recordings in a folder, one line each. */
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {isGanError, openBackend} from 'gankit';
import {goldenCases, runGoldenCase} from 'gankit/testing';
import {report} from './report.js';

async function main(): Promise<void> {
  const {values, positionals} = parseArgs({
    options: {backend: {type: 'string', default: 'wasm'}},
    allowPositionals: true,
  });
  const dir = positionals[0] ?? fileURLToPath(new URL('recordings', import.meta.url));
  const names = await goldenCases(dir);
  const device = await openBackend(values.backend);
  for (const name of names) {
    const {ok, text} = report(await runGoldenCase(dir, name));
    process.stdout.write(`${text}\n`);
    if (!ok) process.exitCode = 1;
  }
  await device.close();
}

await main().catch((error: unknown) => {
  process.stderr.write(`${isGanError(error) ? error.message : String(error)}\n`);
  process.exitCode = isGanError(error) ? error.exitCode : 1;
});
