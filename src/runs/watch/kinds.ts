import {collapse} from './collapse.js';
import {criticLost} from './critic-lost.js';
import {criticWon} from './critic-won.js';
import {diverged} from './diverged.js';
import type {FindingKind} from './finding.js';
import {overfitting} from './overfitting.js';

/** All kinds of findings, in the order in which they are told. */
export const findingKinds: readonly FindingKind[] = [diverged, collapse, criticWon, criticLost, overfitting];
