import {defaultData} from '../options/config-keys.js';

/** What the choice of a recipe depends on. */
export interface RecipeFacts {
  /** `builtin:NAME` or a folder. */
  data: string;
  /** Number of images; undefined where counting them would be dear. */
  images?: number;
  /** The recipe that the data source suggests. */
  suggested?: string;
  /** The device is a GPU. */
  gpu: boolean;
}

export interface ChosenRecipe {
  recipe: string;
  /** What is set beside the values of the recipe. */
  values: Record<string, unknown>;
  /** The reason, for one line: `412 images, wasm`. */
  why: string;
}

/**
 * With fewer images the critic learns them by heart, unless it sees each one changed every time: so large are the gains
 * of arXiv 2006.10738 (table 3) and 2006.06676 (figure 1) below this number, and so small above.
 */
const fewImages = 20_000;

/** The recipe for who names none: the best that the data and the device allow. */
export function automaticRecipe({data, images, suggested, gpu}: RecipeFacts): ChosenRecipe {
  if (suggested !== undefined) return {recipe: suggested, values: {}, why: `for ${data}`};
  if (data === defaultData) return {recipe: 'quick', values: {}, why: 'the built-in shapes need no more'};
  const few = images !== undefined && images < fewImages;
  const device = gpu ? 'a GPU' : 'a processor';
  return {
    recipe: gpu ? 'resnet' : 'light',
    values: few ? {augment: ['color', 'translation', 'cutout']} : {},
    why:
      images === undefined
        ? `${device}`
        : `${device}; ${images} images${few ? ', so few that the critic is to see them changed each time' : ''}`,
  };
}
