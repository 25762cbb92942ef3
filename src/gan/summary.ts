import {tf, type Tensor} from '../backends/tf.js';
import {inEvalMode} from './eval-mode.js';
import type {Module} from './module.js';
import {observe} from './observe.js';

/** A layer of a network, as a pass of one batch found it. */
interface LayerRow {
  /** Its place in the network, as in a state dictionary; '' for the network itself. */
  path: string;
  kind: string;
  /** Of its output, [batch, height, width, channels] for images; undefined for what takes no part in the pass. */
  shape: readonly number[] | undefined;
  parameters: number;
  /** Those of them that are not frozen. */
  trainable: number;
}

/**
 * The layers of a network in the order of its state dictionary: all that hold parameters, and all without layers below.
 * Runs the network once, in eval mode.
 */
function layersOf(network: Module, input: Tensor, labels?: Tensor): LayerRow[] {
  const layers = network.namedModules().filter(([, module]) => {
    return module.children().length === 0 || module.entries().length > 0;
  });
  const shapes = new Map<Module, number[]>();
  inEvalMode(network, () => {
    const restore = layers.map(([, module]) => observe(module, ({shape}) => void shapes.set(module, [...shape])));
    try {
      tf.tidy(() => void network.forward(input, ...(labels ? [labels] : [])));
    } finally {
      for (const undo of restore) undo();
    }
  });
  let last: number[] | undefined;
  return layers.map(([path, module]) => {
    last = shapes.get(module) ?? last; // an activation that was computed together with the norm before it
    const own = module.parametersHere();
    const count = (some: typeof own): number => some.reduce((sum, {size}) => sum + size, 0);
    return {
      path,
      kind: module.kind,
      shape: last,
      parameters: count(own),
      trainable: count(own.filter(({requiresGrad}) => requiresGrad)),
    };
  });
}

/** A table of a network's layers and the counts of its parameters (fastai's summary). */
export function networkTable(title: string, network: Module, input: Tensor, labels?: Tensor): string {
  const rows = layersOf(network, input, labels);
  const cells = rows.map(({path, kind, shape, parameters, trainable}) => [
    path,
    kind,
    shape ? shape.join(' x ') : '',
    parameters === 0 ? '' : parameters.toLocaleString('en-US'),
    parameters === 0 ? '' : trainable === parameters ? 'yes' : trainable === 0 ? 'no' : 'some',
  ]);
  const table = [['layer', 'type', 'output', 'parameters', 'trained'], ...cells];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  const total = (values: readonly number[]): string => values.reduce((a, b) => a + b, 0).toLocaleString('en-US');
  const all = total(rows.map(({parameters}) => parameters));
  const trained = total(rows.map(({trainable}) => trainable));
  return [
    `${title} (input ${input.shape.join(' x ')})`,
    lines[0]!,
    '-'.repeat(lines[0]!.length),
    ...lines.slice(1),
    `${all} parameters, ${trained} of them trained`,
  ].join('\n');
}
