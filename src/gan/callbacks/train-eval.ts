import type {Callback} from '../callback.js';

/** Puts the model into train mode for training and into eval mode for validation (fastai's TrainEvalCallback). */
export const trainEval: Callback = {
  name: 'train-eval',
  runBefore: ['gan-trainer', 'recorder'],
  beforeTrain: ({model}) => void model.train(),
  beforeValidate: ({model}) => void model.eval(),
};
