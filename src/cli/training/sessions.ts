import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Device} from '../../backends/device.js';
import type {TrainEvent} from '../../runs/train.js';

/** One call of `gan fit` on a run: when, where, on what. */
export interface Session {
  /** ISO 8601, UTC. */
  began: string;
  /** Steps that the run had done before. */
  afterStep: number;
  backend: string;
  device: Readonly<Record<string, string | number | boolean>>;
  /** Processor, memory, system, versions. */
  environment: Readonly<Record<string, string | number>>;
  images: number;
  generatorParameters: number;
  criticParameters: number;
}

/** A session that begins now. */
export function sessionOf(
  {step, items, generatorParameters, criticParameters}: Extract<TrainEvent, {type: 'start'}>,
  {name, info}: Device,
  environment: Session['environment'],
): Session {
  return {
    began: new Date().toISOString(),
    afterStep: step,
    backend: name,
    device: info,
    environment,
    images: items,
    generatorParameters,
    criticParameters,
  };
}

/** Adds a session to sessions.json of a run folder. */
export function recordSession(dir: string, session: Session): void {
  const file = path.join(dir, 'sessions.json');
  const earlier =
    session.afterStep > 0 && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Session[]) : [];
  writeFileSync(file, `${JSON.stringify([...earlier, session], null, 2)}\n`);
}
