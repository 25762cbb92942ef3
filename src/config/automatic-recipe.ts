/** What the choice of a recipe depends on: what the data source suggests, or else the images and the device. */
export type RecipeFacts =
  | {
      /** The recipe that the data source suggests. */
      suggested: string;
      /** `builtin:NAME`. */
      data: string;
    }
  | {
      /** Number of images, and the pixels of their shorter side; absent where they are not known. */
      images?: number;
      side?: number;
      /** The device is a GPU. */
      gpu: boolean;
    };

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

/** Sides of the recipes' images. Smaller pictures are not made larger than the next power of two, and at least 16. */
const recipeSide = 64;
const leastSide = 16;

/** The recipe for who names none: the best that the data and the device allow. */
export function automaticRecipe(facts: RecipeFacts): ChosenRecipe {
  if ('suggested' in facts) return {recipe: facts.suggested, values: {}, why: `for ${facts.data}`};
  const {images, side = recipeSide, gpu} = facts;
  const few = images !== undefined && images < fewImages;
  const size = Math.max(leastSide, 2 ** Math.ceil(Math.log2(side)));
  const why = [
    gpu ? 'a GPU' : 'a processor',
    ...(size < recipeSide ? [`pictures of ${side} pixels a side, so size ${size}`] : []),
    ...(images === undefined
      ? []
      : [`${images} images${few ? ', so few that the critic is to see them changed each time' : ''}`]),
  ];
  return {
    recipe: gpu ? 'resnet' : 'light',
    values: {
      ...(size < recipeSide && {size}),
      ...(few && {augment: ['color', 'translation', 'cutout']}),
    },
    why: why.join('; '),
  };
}
