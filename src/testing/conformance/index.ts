/** The conformance kit: what every backend has to do, written once and run on all of them. */
export {
  CannotRun,
  groups,
  type Check,
  type CheckResult,
  type Group,
  type Session,
  type State,
  type Subject,
} from './check.js';
export {installedBackend, type Installed} from './installed.js';
export {testBackend, type TestBackendOptions, type TestContext, type TestRunner} from './mocha.js';
export {runCheck, runConformance, selectChecks, type ConformanceOptions, type Exemptions} from './run.js';
