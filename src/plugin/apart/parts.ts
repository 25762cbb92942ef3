/** A process that loads parts of plug-ins and says what they are (`PartsApart`). */
import type {PackageInfo} from '../manifest.js';
import {importTensors} from '../discover.js';
import {diagnosisOf, Registry} from '../registry.js';
import {answerOrders} from './answer-orders.js';
import type {PartOrder} from './parts-apart.js';

void answerOrders((packages: readonly PackageInfo[]) => {
  const registry = new Registry(packages, importTensors);
  return async ({task, kind, name, cwd = ''}: PartOrder): Promise<unknown> => {
    if (task === 'check') return (await registry.create('check', name))({cwd});
    if (task === 'diagnose') return diagnosisOf(registry, name);
    if (task === 'probe') return (await registry.create('backend', name)).probe();
    const {summary, options, ...more} = await registry.load(kind, name);
    const {priority, needsGpu} = more as {priority?: number; needsGpu?: boolean};
    const recipe = kind === 'recipe' ? await registry.create('recipe', name) : undefined;
    return {
      summary,
      ...(options && {options}),
      ...(priority !== undefined && {priority}),
      ...(needsGpu !== undefined && {needsGpu}),
      ...(recipe && {recipe: {values: recipe.values, source: recipe.source}}),
    };
  };
});
