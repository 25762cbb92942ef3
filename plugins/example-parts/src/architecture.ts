import type {Gan, Tensor} from 'gankit/plugin';

/** The smallest networks that learn something, and a layer of one's own. */
export default ({architecture, nn, opt, tf}: Gan) =>
  architecture({
    name: 'perceptron',
    summary: 'Two dense layers in each network.',
    options: {width: opt.int(128, {min: 1, help: 'hidden units'})},
    create: ({width: hidden}) => {
      /** [n, height * width * channels] -> [n, height, width, channels]. */
      class ToImages extends nn.Module {
        constructor(private readonly shape: number[]) {
          super();
        }

        override forward(x: Tensor): Tensor {
          return tf.reshape(x, [x.shape[0], ...this.shape]);
        }
      }
      return {
        generator: ({height, width, channels, latentSize}) =>
          nn.sequential([
            nn.dense(latentSize, hidden),
            nn.relu(),
            nn.dense(hidden, height * width * channels),
            nn.tanh(),
            new ToImages([height, width, channels]),
          ]),
        critic: ({height, width, channels}) =>
          nn.sequential([
            nn.flatten(),
            nn.dense(height * width * channels, hidden),
            nn.leakyRelu(0.2),
            nn.dense(hidden, 1),
          ]),
      };
    },
  });
