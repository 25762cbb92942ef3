import type {Device} from '../../backends/device.js';
import {makeSession, runCheck, selectChecks, type ConformanceOptions} from './run.js';
import type {Subject} from './check.js';
import {groups} from './check.js';
import {installedBackend, type Installed} from './installed.js';

/** The functions of mocha, or of a similar runner, that the kit uses. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: (this: TestContext) => Promise<void>): unknown;
  after(body: () => Promise<void>): unknown;
}

/** Mocha's `this` in a test. */
export interface TestContext {
  test?: {title: string} | undefined;
  skip(): void;
  timeout(milliseconds: number): unknown;
}

export interface TestBackendOptions extends Omit<ConformanceOptions, 'report'>, Omit<Installed, 'name'> {
  /**
   * Opens the backend; without it, the one of that name is opened as `gan` opens it, from `packages` and what is
   * installed.
   */
  open?: () => Promise<Device>;
  /** Only with `open`: how a new process opens the backend, for the check of a clean exit. */
  process?: Subject['process'];
  /** Default: the global describe, it and after. */
  runner?: TestRunner;
}

/** The first use of a device may compile every kernel. */
const timeoutMs = 300_000;

/**
 * The conformance kit as a mocha suite. In the tests of a plug-in package:
 *
 *     testBackend('mine', {packages: [import.meta.dirname + '/..']});
 */
export function testBackend(
  name: string,
  {open, process, packages, options, runner = globalRunner('testBackend'), ...rest}: TestBackendOptions = {},
): void {
  const {describe, it, after} = runner;
  const installed = installedBackend({name, ...(packages && {packages}), ...(options && {options})});
  const subject: Subject = open ? {name, open, ...(process && {process})} : installed;
  const session = makeSession(subject, rest.recordings);
  const checks = selectChecks(rest);
  describe(`the backend ${name}`, () => {
    after(() => session.close());
    for (const group of groups.filter((one) => checks.some((check) => check.group === one))) {
      describe(group, () => {
        for (const check of checks.filter((one) => one.group === group)) {
          it(check.title, async function () {
            this.timeout(timeoutMs);
            const {state, why} = await runCheck(check, session, rest.exempt);
            if (state === 'failed') throw new Error(why);
            if (state === 'passed') return;
            if (this.test) this.test.title += ` (${state}: ${why})`;
            this.skip();
          });
        }
      });
    }
  });
}

export function globalRunner(caller: string): TestRunner {
  const {describe, it, after} = globalThis as unknown as Partial<TestRunner>;
  if (!describe || !it || !after)
    throw new Error(
      `${caller} must be called where describe, it and after exist: in a mocha test file, or with {runner}`,
    );
  return {describe, it, after};
}
