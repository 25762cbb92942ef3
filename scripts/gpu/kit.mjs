// The conformance kit on a backend, groups or parts of titles by name; a line of JSON when a check begins and when it ends.
//
//     node scripts/gpu/kit.mjs BACKEND PRECISION|- ONLY...
import {installedBackend} from '../../dist/testing/conformance/installed.js';
import {makeSession, runCheck, selectChecks} from '../../dist/testing/conformance/run.js';

const [name, precision, ...wanted] = process.argv.slice(2);
const session = makeSession(installedBackend({name, options: precision === '-' ? {} : {precision}}));
const checks = new Map(
  (wanted.length > 0 ? wanted : [undefined])
    .flatMap((only) => selectChecks({only}))
    .map((check) => [check.title, check]),
);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
await session.device();
for (const check of checks.values()) {
  say({check: check.title});
  const {state, why, milliseconds, deviations} = await runCheck(check, session);
  const strain = Math.max(0, ...deviations.map(({value, bound}) => value / bound));
  say({check: check.title, state, ...(why !== undefined && {why}), ms: Math.round(milliseconds), strain});
}
await session.close();
