import {nearestText} from '../run/evaluation-report.js';
import {evaluationTable} from '../../runs/evaluation-table.js';
import {RunFolder} from '../../runs/run-folder.js';
import type {Evaluation} from '../../runs/evaluations.js';
import {table, text} from './html.js';
import {inlineImage} from './samples.js';

/** What `gan evaluate` measured, and the last picture of nearest training images. */
export async function evaluationsSection(dir: string, evaluations: readonly Evaluation[]): Promise<string> {
  if (evaluations.length === 0) return '';
  const {columns, rows} = evaluationTable(evaluations);
  return `<section id="evaluations"><h2>Evaluations</h2>
<p class="note">What gan evaluate measured, the newest first. In brackets: 95 % intervals.</p>
${table(
  columns,
  rows.map((row) => row.map(text)),
)}
${await nearestFigure(dir, evaluations)}</section>`;
}

async function nearestFigure(dir: string, evaluations: readonly Evaluation[]): Promise<string> {
  const last = evaluations.findLast((each) => each.nearest !== undefined);
  if (!last?.nearest) return '';
  const {step, nearest} = last;
  const image = await inlineImage(new RunFolder(dir).nearestPath(step)).catch(() => undefined);
  return `<figure>${image ? `<img src="${image.url}" width="${image.width}" height="${image.height}" alt="Pairs of a generated image and the training image nearest to it">` : ''}<figcaption>Generated images (left) and the training images nearest to them: ${text(nearestText(nearest))}</figcaption></figure>`;
}
