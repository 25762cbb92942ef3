import {groups, type Check} from './check.js';
import {errors} from './checks/errors.js';
import {goldenChecks} from './checks/golden.js';
import {lifecycle} from './checks/lifecycle.js';
import {loss} from './checks/loss.js';
import {memory} from './checks/memory.js';
import {optimizers} from './checks/optimizers.js';
import {penalties} from './checks/penalties.js';
import {specialNumbers} from './checks/special-numbers.js';
import {state} from './checks/state.js';
import {training} from './checks/training.js';
import {updates} from './checks/updates.js';
import {operationChecks} from './operation.js';
import {augmenting} from './operations/augmenting.js';
import {elementwise} from './operations/elementwise.js';
import {fused} from './operations/fused.js';
import {images} from './operations/images.js';
import {layers} from './operations/layers.js';
import {products} from './operations/products.js';
import {rearranging} from './operations/rearranging.js';
import {reductions} from './operations/reductions.js';

/** Every check of the kit, in the order in which they run. */
export function allChecks(recordings: string): Check[] {
  const operations = [
    ...augmenting,
    ...elementwise,
    ...reductions,
    ...rearranging,
    ...products,
    ...layers,
    ...fused,
    ...images,
  ].flatMap(operationChecks);
  const all = [
    ...operations,
    ...specialNumbers,
    ...penalties,
    ...state,
    ...errors,
    ...memory,
    ...optimizers,
    ...training,
    ...updates,
    ...goldenChecks(recordings),
    ...loss,
    ...lifecycle,
  ];
  return groups.flatMap((group) => all.filter((check) => check.group === group));
}
