// Results of steps on a GPU as lines of JSON, each written when it is known, and the table of what a file holds, be it whole
// or not.
import {appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** What a step can come to; a step that only began has none. */
export const states = ['passed', 'failed', 'skipped'];

/** Appends lines to a file. */
export class Records {
  constructor(file) {
    this.file = file;
    mkdirSync(path.dirname(file), {recursive: true});
    writeFileSync(file, '');
  }

  add(line) {
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

/** The lines of a file. One that was cut off, the last of a process that was killed, is left out. */
export function readRecords(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

/** The last that is known of each step, in the order in which they began. */
export function stepsOf(records) {
  const steps = new Map();
  for (const record of records) if (record.step !== undefined) steps.set(record.step, record);
  return [...steps.values()];
}

const row = (...cells) =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;

/** A table in Markdown of all that is in the records. */
export function tableOf(records) {
  const session = records.find(({session}) => session)?.session ?? {};
  const steps = stepsOf(records);
  const count = (state) => steps.filter((step) => step.state === state).length;
  const ended = records.some(({ended}) => ended);
  const speeds = steps.filter(({data}) => data?.stepMs !== undefined);
  return [
    `# ${session.gpu ?? 'no GPU is known'}, ${session.date ?? 'no date is known'}`,
    '',
    Object.entries(session)
      .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
      .join(', '),
    '',
    `${states.map((state) => `${count(state)} ${state}`).join(', ')}${ended ? '' : '; it was ended from outside'}`,
    '',
    row('step', 'state', 's', 'what'),
    row('---', '---', '---', '---'),
    ...steps.map(({step, state = 'under way at the end', seconds = '', what = ''}) => row(step, state, seconds, what)),
    ...(speeds.length === 0
      ? []
      : [
          '',
          row('training', 'images/s', 'ms a step', 'TFLOP/s', 'of the time in cuDNN and cuBLAS', 'by graphs'),
          row('---', '---', '---', '---', '---', '---'),
          ...speeds.map(({step, data}) =>
            row(
              step,
              data.imagesPerSecond.toFixed(0),
              data.stepMs.toFixed(2),
              data.tflops?.toFixed(1) ?? '-',
              data.libraryShare === undefined ? '-' : `${(data.libraryShare * 100).toFixed(0)} %`,
              data.repeated === undefined ? '-' : `${data.launched} of ${data.repeated} repeated steps`,
            ),
          ),
        ]),
    '',
  ].join('\n');
}
