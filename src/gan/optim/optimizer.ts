import type {Parameter} from '../module.js';
/** placeholder types, being written */
export interface Optimizer { params: Parameter[] }
export type OptimizerFactory = (groups: Parameter[][], lr: number) => Optimizer;
