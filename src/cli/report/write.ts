import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {writeFileAtomic} from '../../gan/io/atomic-write.js';
import {reportPage} from './page.js';
import {readRun} from './read-run.js';

/** Writes the report of a run. @throws GanError GAN_RUN_NOT_FOUND (exit 5) */
export async function writeReport(run: string, file: string): Promise<void> {
  const page = await reportPage(await readRun(run));
  await mkdir(path.dirname(path.resolve(file)), {recursive: true});
  await writeFileAtomic(file, page);
}
