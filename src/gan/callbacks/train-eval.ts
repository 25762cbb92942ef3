import type {Callback} from '../callback.js';

/** Puts the model into train mode for training and into eval mode for validation, before all others (fastai's TrainEvalCallback). */
export const trainEval: Callback = {
  name: 'train-eval',
  order: -10,
  beforeTrain: ({model}) => void model.train(),
  beforeValidate: ({model}) => void model.eval(),
};
