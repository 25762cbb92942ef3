/** What metrics.jsonl tells of a whole run, without reading all of it. */
import {openRegular} from '../gan/io/read-file.js';
import {object, list, optional, number, oneOf, text, whole, record, type Check} from '../options/json.js';
import {findingNames} from '../options/stop-when.js';
import {
  addFinding,
  advance,
  linesFromEnd,
  type Found,
  type MetricsLine,
  type MetricsLog,
  type Standing,
} from './metrics-log.js';

/** What all lines together tell. A checkpoint keeps that of the lines before it. */
export interface LogTotals {
  /** Of the epochs that ended, in milliseconds. */
  elapsedMs: number;
  /** The last epoch that ended; absent when none has. */
  last?: {step: number; epoch: number; row: Record<string, number | null>};
  /** What the watch found, oldest first. */
  findings: Found[];
}

/** The name under which a checkpoint keeps the totals of the log. */
export const logMetricsName = 'log-metrics';

export const noTotals = (): LogTotals => ({elapsedMs: 0, findings: []});

/** Adds a line to the totals of those before it. */
export function addToTotals(totals: LogTotals, line: MetricsLine): void {
  const {step, epoch = 0, seconds = 0, row} = line;
  if (row) {
    totals.elapsedMs += seconds * 1000;
    totals.last = {step, epoch, row};
  }
  addFinding(totals.findings, line);
}

const cell: Check<number | null> = (value, at) => (value === null ? null : number(value, at));

/** Totals that a checkpoint keeps. */
export const checkTotals: Check<LogTotals> = object({
  elapsedMs: number,
  last: optional(object({step: whole(), epoch: whole(), row: record(cell)})),
  findings: list(
    object({
      name: oneOf(...findingNames),
      what: text,
      since: whole(),
      measured: text,
      advice: list(text),
      seen: whole(),
      over: optional(whole()),
    }),
  ),
});

export interface LogDigest extends Omit<LogTotals, 'elapsedMs'> {
  standing: Standing;
  /** Of the epochs that ended; absent where only the end of a long log was read. */
  seconds?: number;
  /** Why the run ended early, where it was asked to. */
  stopped?: string;
}

/** Logs up to this size are read whole: it takes a few hundredths of a second. In bytes. */
const smallLog = 2 << 20;
/** Steps from a checkpoint to the end of a long log whose lines are read; checkpoints are usually nearer. */
const mostSteps = 5000;
/** Lines that are read from the end of a long log where nothing is known of those before. */
const fewLines = 500;

/**
 * Digests a log from its end.
 * @param known the totals of the lines up to a step that a checkpoint keeps
 * @param thorough where they are not known, or lie far back, the whole log is searched; otherwise its end has to do
 * @throws GanError GAN_FILE_UNREADABLE (exit 5)
 */
export async function digestLog(
  log: MetricsLog,
  {known: given, thorough = true}: {known?: {step: number; totals: LogTotals} | undefined; thorough?: boolean} = {},
): Promise<LogDigest> {
  const file = await openRegular(log.path);
  if (!file) return {standing: {step: 0}, seconds: 0, findings: []};
  let lines: MetricsLine[] = []; // the last one first
  let known = given;
  let isWhole = true;
  try {
    const {size} = await file.stat();
    for await (const {line, start} of linesFromEnd(file, size)) {
      isWhole = start === 0;
      if (!line) continue;
      lines.push(line);
      if (size <= smallLog) continue;
      if (lines.length === 1 && known && line.step - known.step > mostSteps) known = undefined;
      if (known ? line.step < known.step : lines.length >= fewLines) break;
    }
  } finally {
    await file.close();
  }
  lines = lines.reverse();
  const totals = noTotals();
  const begin = !isWhole && known && (lines[0]?.step ?? Infinity) < known.step ? known : undefined;
  if (begin) Object.assign(totals, structuredClone(begin.totals));
  else if (!isWhole && thorough) await log.read((line) => addToTotals(totals, line), 'rare');
  const isComplete = isWhole || begin !== undefined || thorough;
  if (isWhole || begin || !thorough)
    for (const line of lines) if (!begin || isAfter(line, begin)) addToTotals(totals, line);
  const {elapsedMs, ...rest} = totals;
  const stopped = lines.findLast((line) => line.stopped !== undefined)?.stopped;
  return {
    ...rest,
    standing: lines.reduce(advance, {step: 0}),
    ...(isComplete && {seconds: elapsedMs / 1000}),
    ...(stopped !== undefined && {stopped}),
  };
}

/** True if the totals do not have a line yet. They were saved in its step, before or after it. */
function isAfter(
  {step, epoch = 0, row, finding}: MetricsLine,
  {step: known, totals}: {step: number; totals: LogTotals},
): boolean {
  if (step !== known) return step > known;
  if (row) return totals.last === undefined || epoch > totals.last.epoch;
  const before = totals.findings.findLast(({name}) => name === finding?.name);
  return finding?.state === 'seen' ? before?.seen !== step : true;
}
