import {messageOf} from '../../errors.js';
import {warning, type DoctorContext, type Finding} from '../context.js';

/**
 * The checks that plug-ins bring. What they find never keeps the default training from running, so a problem is a
 * warning.
 */
export async function checkOfPlugins({registry, cwd}: DoctorContext): Promise<Finding[]> {
  const findings = await Promise.all(
    registry.list('check').map(async ({name, package: from}) => {
      try {
        const found = await registry.check(name, cwd);
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
