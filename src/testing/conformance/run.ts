import {fileURLToPath} from 'node:url';
import {GanError, messageOf} from '../../errors.js';
import type {Device} from '../../backends/device.js';
import {strain} from '../golden/compare.js';
import {allChecks} from './all-checks.js';
import {CannotRun, groups, type Check, type CheckResult, type Session, type Subject} from './check.js';

/**
 * Checks that a backend is known to fail: their exact titles, and why. One that passes, or does not exist, is a
 * failure.
 */
export type Exemptions = Readonly<Record<string, string>>;

export interface ConformanceOptions {
  /** A group, or a part of titles. */
  only?: string | undefined;
  exempt?: Exemptions | undefined;
  /** Folder of fastai's recordings; those of this package. */
  recordings?: string | undefined;
  /** Called after each check. */
  report?(result: CheckResult): void;
}

/** The recordings in the package, next to `dist`. */
const ownRecordings = fileURLToPath(new URL('../../../test/golden/recordings', import.meta.url));

/**
 * The checks that were asked for.
 * @throws GanError GAN_USAGE when there is none, or when an exemption is for none
 */
export function selectChecks({only, exempt = {}, recordings = ownRecordings}: ConformanceOptions): Check[] {
  const all = allChecks(recordings);
  const titles = new Set(all.map(({title}) => title));
  const unknown = Object.keys(exempt).find((title) => !titles.has(title));
  if (unknown !== undefined)
    throw new GanError('usage', 'GAN_USAGE', `there is an exemption for '${unknown}', but no check with this title`, {
      suggestions: ['Use the title exactly as it is reported.'],
    });
  const wanted = all.filter(({group, title}) => only === undefined || group === only || title.includes(only));
  if (wanted.length === 0)
    throw new GanError('usage', 'GAN_USAGE', `no check is called '${only}'`, {
      suggestions: [`Use a part of a title, or a group: ${groups.join(', ')}.`],
    });
  return wanted;
}

/** Opens the subject when a check needs it. */
export function makeSession(subject: Subject, recordings = ownRecordings): Session {
  let open: Promise<Device> | undefined;
  return {
    subject,
    recordings,
    device: () => (open ??= subject.open()),
    async close() {
      const device = await open;
      open = undefined;
      await device?.close();
    },
  };
}

/** One check, with what comes of it. Never throws. */
export async function runCheck(check: Check, session: Session, exempt: Exemptions = {}): Promise<CheckResult> {
  const {group, title} = check;
  const start = performance.now();
  const result = await attempt(check, session);
  const reason = exempt[title];
  const milliseconds = performance.now() - start;
  if (reason === undefined || result.state === 'skipped') return {group, title, ...result, milliseconds};
  if (result.state === 'passed')
    return {
      group,
      title,
      ...result,
      state: 'failed',
      why: `it is exempt (${reason}), but passes: remove the exemption`,
      milliseconds,
    };
  return {group, title, ...result, state: 'exempt', why: `${reason} (${result.why})`, milliseconds};
}

async function attempt(check: Check, session: Session): Promise<Pick<CheckResult, 'state' | 'deviations' | 'why'>> {
  try {
    const deviations = await check.run(session);
    const wrong = deviations.filter((deviation) => !(strain(deviation) <= 1));
    if (wrong.length === 0) return {state: 'passed', deviations};
    const why = wrong
      .map(({what, value, bound}) => `${what}: deviation ${value.toExponential(1)}, allowed ${bound.toExponential(1)}`)
      .join('; ');
    return {state: 'failed', deviations, why};
  } catch (error) {
    const why = messageOf(error);
    return {state: error instanceof CannotRun ? 'skipped' : 'failed', deviations: [], why};
  }
}

/**
 * Runs the kit on a backend.
 * @throws GanError when the backend cannot be opened at all, or for options that fit no check
 */
export async function runConformance(subject: Subject, options: ConformanceOptions = {}): Promise<CheckResult[]> {
  const checks = selectChecks(options);
  const session = makeSession(subject, options.recordings);
  await session.device();
  const results: CheckResult[] = [];
  try {
    for (const check of checks) {
      const result = await runCheck(check, session, options.exempt);
      options.report?.(result);
      results.push(result);
    }
  } finally {
    await session.close();
  }
  return results;
}
