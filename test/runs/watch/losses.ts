import type {StepLoss} from '../../../dist/plugin/index.js';
import {openRegistry} from '../../../dist/plugin/discover.js';

const registry = openRegistry();
const make = (name: string) => (): Promise<StepLoss> => registry.create('loss', name, new Map());

export const [bce, hinge, relativistic, wgan] = [make('bce'), make('hinge'), make('relativistic'), make('wgan')];
