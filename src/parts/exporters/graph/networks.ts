import type {Gan, NetworkName} from '../../../plugin/index.js';

type Choice = NetworkName | 'both';

/** The option of formats that hold one network. @param both what `both` writes, for the help */
export const networkOption = (opt: Gan['opt'], both: string) =>
  opt.oneOf(['generator', 'critic', 'both'], 'generator', {help: `network to write; both: ${both}`});

export const networksOf = (choice: Choice): NetworkName[] => (choice === 'both' ? ['generator', 'critic'] : [choice]);
