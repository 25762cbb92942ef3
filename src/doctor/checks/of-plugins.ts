import {messageOf} from '../../errors.js';
import {warning, type DoctorContext, type Finding} from '../context.js';

/** A check that takes longer has failed. */
const limitMs = 10_000;

/**
 * The checks that plug-ins bring. What they find never keeps the default training from running, so a problem is a
 * warning.
 */
export async function checkOfPlugins({registry, cwd}: DoctorContext, limit = limitMs): Promise<Finding[]> {
  const findings = await Promise.all(
    registry.list('check').map(async ({name, package: from}) => {
      try {
        const check = await registry.create('check', name);
        const found = await within(limit, Promise.resolve(check({cwd})));
        return found.map((finding) =>
          finding.state === 'problem' ? {...finding, state: 'warning' as const} : finding,
        );
      } catch (error) {
        return [warning(`check ${name}`, messageOf(error), `report this to the author of ${from}`)];
      }
    }),
  );
  return findings.flat();
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
