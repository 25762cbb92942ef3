import {GanError} from '../../errors.js';

/** Why a layer cannot be exported. */
export interface Fault {
  /** Its place in the network; '' is the network itself. */
  path: string;
  /** Its type. */
  layer: string;
  what: string;
}

/** Lists every layer that a format cannot have. */
export class ExportError extends GanError {
  constructor(faults: readonly Fault[], subject = 'this network') {
    const lines = [
      ...new Set(faults.map(({path, layer, what}) => `${path === '' ? '' : `${path} `}(${layer}): ${what}`)),
    ];
    super('usage', 'GAN_EXPORT_UNSUPPORTED', `${subject} cannot be exported:\n  ${lines.join('\n  ')}`, {
      suggestions: [
        'docs/exports.md lists what each format supports',
        'gan export RUN --format safetensors   writes the weights of any network',
      ],
    });
  }
}
