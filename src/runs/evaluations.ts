/** The results of `gan evaluate` in a run folder: evaluations.jsonl, one evaluation a line, oldest first. */
import {appendFile, readFile} from 'node:fs/promises';
import type {Measured} from '../gan/metrics/image-meter.js';
import type {NearestImages} from '../gan/metrics/nearest.js';

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
  /** Generated images and the training images nearest to them, where they were looked up. */
  nearest?: Omit<NearestImages, 'pairs'> & {
    /** Path of the picture of the pairs, relative to the run folder. */
    picture: string;
  };
}

/** Adds an evaluation to a file. */
export async function addEvaluation(file: string, evaluation: Evaluation): Promise<void> {
  await appendFile(file, `${JSON.stringify(evaluation)}\n`);
}

/** The evaluations in a file; none when there is no file. Lines that are no evaluation are skipped. */
export async function readEvaluations(file: string): Promise<Evaluation[]> {
  return parseEvaluations(await readFile(file, 'utf8').catch(() => ''));
}

export function parseEvaluations(text: string): Evaluation[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        const value: unknown = JSON.parse(line);
        return isEvaluation(value) ? [value] : [];
      } catch {
        return [];
      }
    });
}

function isEvaluation(value: unknown): value is Evaluation {
  const {at, step, data, images, metrics} = (value ?? {}) as Partial<Record<keyof Evaluation, unknown>>;
  return (
    typeof at === 'string' &&
    Number.isInteger(step) &&
    typeof data === 'string' &&
    Number.isInteger(images) &&
    Array.isArray(metrics) &&
    metrics.every((each: Partial<Measured> | null) => typeof each?.name === 'string' && typeof each.value === 'number')
  );
}
