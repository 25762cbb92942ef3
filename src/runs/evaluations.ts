/** The results of `gan evaluate` in a run folder: evaluations.jsonl, one evaluation a line, oldest first. */
import {appendLines} from '../gan/io/append.js';
import {readRegular} from '../gan/io/read-file.js';
import type {Measured} from '../gan/metrics/image-meter.js';
import type {NearestImages} from '../gan/metrics/nearest.js';
import type {ClassEvaluation} from './evaluate-by-class.js';
import {list, number, object, oneOf, optional, parseJson, record, text, whole, type Check} from '../options/json.js';

/** What was measured of a checkpoint. */
export interface Evaluation {
  /** ISO 8601, UTC. */
  at: string;
  /** Step of the checkpoint. */
  step: number;
  weights: 'averaged' | 'trained';
  /** A folder, or `builtin:NAME`. */
  data: string;
  /** Real images, and as many generated ones. */
  images: number;
  /** `pixels`, or a feature network. */
  features: string;
  seconds: number;
  metrics: Measured[];
  /** The same of each class of a conditional run, where that was asked for. */
  byClass?: ClassEvaluation[];
  /** Generated images and the training images nearest to them, where they were looked up. */
  nearest?: Omit<NearestImages, 'pairs'> & {
    /** Path of the picture of the pairs, relative to the run folder. */
    picture: string;
  };
}

/** JSON has null for a number that is none. */
const measured: Check<number> = (value, at) => (value === null ? NaN : number(value, at));

const checkMeasured: Check<Measured[]> = list(
  object({
    name: text,
    better: oneOf('lower', 'higher', 'one'),
    value: measured,
    parts: optional(record(number)),
    low: optional(number),
    high: optional(number),
    doubts: list(text),
  }),
);

const checkEvaluation: Check<Evaluation> = object({
  at: text,
  step: whole(),
  weights: oneOf('averaged', 'trained'),
  data: text,
  images: whole(),
  features: text,
  seconds: number,
  metrics: checkMeasured,
  byClass: optional(list(object({name: text, images: whole(), metrics: checkMeasured}))),
  nearest: optional(object({images: whole(), trainingImages: whole(), ratio: number, close: number, picture: text})),
});

/** A file of evaluations may have a hundred thousand. */
const mostBytes = 64 << 20;

/** Adds an evaluation to a file. */
export async function addEvaluation(file: string, evaluation: Evaluation): Promise<void> {
  await appendLines(file, `${JSON.stringify(evaluation)}\n`);
}

/**
 * The evaluations in a file; none when there is no file.
 * @throws GanError GAN_FILE_UNREADABLE, GAN_FILE_BROKEN (exit 5)
 */
export async function readEvaluations(file: string): Promise<Evaluations> {
  return parseEvaluations((await readRegular(file, mostBytes))?.toString() ?? '');
}

export interface Evaluations {
  evaluations: Evaluation[];
  /** Numbers of the lines, from 1, that hold none: they were cut short, or are damaged. */
  damaged: number[];
}

export function parseEvaluations(text: string): Evaluations {
  const found: Evaluations = {evaluations: [], damaged: []};
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [i, line] of lines.entries()) {
    try {
      found.evaluations.push(checkEvaluation(parseJson(line), ''));
    } catch {
      if (line !== '') found.damaged.push(i + 1);
    }
  }
  return found;
}
