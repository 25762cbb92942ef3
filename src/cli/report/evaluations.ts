import {nearestText} from '../run/evaluation-report.js';
import {classTable, evaluationTable} from '../../runs/evaluation-table.js';
import {RunFolder} from '../../runs/run-folder.js';
import type {Evaluation} from '../../runs/evaluations.js';
import {markup, table, type Content} from './html.js';
import {picture} from './samples.js';

/** What `gan evaluate` measured, the last values of each class, and the last picture of nearest training images. */
export async function evaluationsSection(dir: string, evaluations: readonly Evaluation[]): Promise<Content> {
  if (evaluations.length === 0) return undefined;
  const {columns, rows} = evaluationTable(evaluations);
  return markup`<section id="evaluations"><h2>Evaluations</h2>
<p class="note">What gan evaluate measured, the newest first. In brackets: 95 % intervals.</p>
${table(columns, rows)}
${lastByClass(evaluations)}
${await nearestFigure(dir, evaluations)}</section>`;
}

function lastByClass(evaluations: readonly Evaluation[]): Content {
  const last = evaluations.findLast(({byClass}) => byClass !== undefined);
  if (!last?.byClass) return undefined;
  const {columns, rows} = classTable(last.byClass);
  return markup`<h3>By class, step ${last.step}</h3>
${table(columns, rows)}`;
}

async function nearestFigure(dir: string, evaluations: readonly Evaluation[]): Promise<Content> {
  const last = evaluations.findLast((each) => each.nearest !== undefined);
  if (!last?.nearest) return undefined;
  const {step, nearest} = last;
  const pairs = await picture(
    new RunFolder(dir).nearestPath(step),
    'Pairs of a generated image and the training image nearest to it',
  );
  return markup`<figure>${pairs}<figcaption>Generated images (left) and the training images nearest to them: ${nearestText(nearest)}</figcaption></figure>`;
}
