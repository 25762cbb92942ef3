import {messageOf} from '../../errors.js';
import {kindLabel, kindNames} from '../../options/kinds.js';
import {ok, warning, type DoctorContext, type Finding} from '../context.js';

/** Every package that brings parts: what is left out and why, and parts that do not load. Own parts are loaded, too. */
export async function checkPlugins({registry}: DoctorContext): Promise<Finding[]> {
  const parts = kindNames.flatMap((kind) => registry.list(kind));
  const faults = await Promise.all(
    parts.map(async ({kind, name, package: from}) => {
      const why = await registry.describe(kind, name).then(() => undefined, messageOf);
      return why === undefined ? [] : [{package: from, why}];
    }),
  );
  const broken = faults.flat();
  const packages = [...new Set(parts.map((part) => part.package))];
  return [
    ...packages
      .filter((name) => !broken.some((fault) => fault.package === name))
      .map((name) => ok(`plug-in ${name}`, partsText(parts.filter((part) => part.package === name).length))),
    ...broken.map(({package: name, why}) =>
      warning(`plug-in ${name}`, why, `reinstall ${name}, or report this to its author`),
    ),
    ...registry.clashes.map(({kind, name, packages}) =>
      warning(
        `${kindLabel(kind)} ${name}`,
        `${packages.join(' and ')} both have one`,
        `write the full name: ${packages.at(-1)}:${name}`,
      ),
    ),
    ...registry.problems.map(({package: name, reason}) =>
      warning(`plug-in ${name}`, reason, `update ${name}, or remove it`),
    ),
  ];
}

const partsText = (count: number): string => (count === 1 ? '1 part' : `${count} parts`);
